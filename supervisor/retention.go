package supervisor

import (
	"context"
	"time"

	"linienfunk/bots"
)

// forgetEvery is how often texts are deleted whose retention is over.
const forgetEvery = 10 * time.Minute

// pruneTime is how long one call of Prune may take, and keepOfGone how long texts are kept of a city that has no
// settings any more.
const (
	pruneTime  = 30 * time.Second
	keepOfGone = 24 * time.Hour
)

// forget deletes old texts from the ledger and from the bots' tables.
func (s *Supervisor) forget(ctx context.Context) {
	for {
		for city := range s.citiesWithTexts(ctx) {
			if ctx.Err() != nil {
				return
			}
			s.forgetCity(ctx, city)
		}
		if sleep(ctx, forgetEvery) != nil {
			return
		}
	}
}

// citiesWithTexts are all cities, and those that are gone but left texts in the ledger.
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

func (s *Supervisor) forgetCity(ctx context.Context, city string) {
	keep, ok := s.env.Retention(city)
	if !ok {
		keep = keepOfGone
	}
	before := s.env.Now().Add(-keep)
	if _, err := s.env.DB.DeleteTexts(ctx, city, before); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot forget texts", "city", city, "err", err)
	}
	for _, member := range s.env.Directory.members {
		pruner, ok := member.Bot.(bots.Pruner)
		if !ok {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, pruneTime)
		err := guardErr(limited, s.env.Grace, func(ctx context.Context) error { return pruner.Prune(ctx, city, before) })
		cancel()
		if err != nil && ctx.Err() == nil {
			s.env.Log.Error("cannot forget texts", "city", city, "bot", member.Name, "err", err)
		}
	}
}
