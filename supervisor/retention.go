package supervisor

import (
	"context"
	"time"

	"linienfunk/bots"
)

// pruneInterval is how often expired texts are deleted.
const pruneInterval = 10 * time.Minute

// pruneTime is the deadline of one call of Prune; retentionWithoutCity applies to texts of cities that no longer exist.
const (
	pruneTime            = 30 * time.Second
	retentionWithoutCity = 24 * time.Hour
)

// prune deletes expired texts from the ledger and from the bots' tables.
func (s *Supervisor) prune(ctx context.Context) {
	for {
		for city := range s.citiesWithTexts(ctx) {
			if ctx.Err() != nil {
				return
			}
			s.pruneCity(ctx, city)
		}
		if err := s.env.DB.DeleteMarks(ctx); err != nil && ctx.Err() == nil {
			s.env.Log.Error("cannot delete marks of authors", "err", err)
		}
		if err := s.env.DB.Erase(ctx); err != nil && ctx.Err() == nil {
			s.env.Log.Warn("deleted texts may still be in the database's files; will try again", "err", err, "delay", pruneInterval)
		}
		if sleep(ctx, pruneInterval) != nil {
			return
		}
	}
}

// citiesWithTexts are all cities, and deleted ones with texts in the ledger.
func (s *Supervisor) citiesWithTexts(ctx context.Context) map[string]bool {
	cities := map[string]bool{}
	for _, city := range s.env.Cities() {
		cities[city] = true
	}
	left, err := s.env.DB.CitiesWithTexts(ctx)
	if err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot list texts", "err", err)
	}
	for _, city := range left {
		cities[city] = true
	}
	return cities
}

func (s *Supervisor) pruneCity(ctx context.Context, city string) {
	keep, ok := s.env.Retention(city)
	if !ok {
		keep = retentionWithoutCity
	}
	before := s.env.Now().Add(-keep)
	if _, err := s.env.DB.DeleteTexts(ctx, city, before); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot delete expired texts", "city", city, "err", err)
	}
	for _, member := range s.env.Directory.members {
		pruner, ok := member.Bot.(bots.Pruner)
		if !ok {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, pruneTime)
		err := runCallErr(limited, s.env.Grace, func(ctx context.Context) error { return pruner.Prune(ctx, city, before) })
		cancel()
		if err != nil && ctx.Err() == nil {
			s.env.Log.Error("cannot delete expired texts", "city", city, "bot", member.Name, "err", err)
		}
	}
}
