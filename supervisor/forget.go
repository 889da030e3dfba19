package supervisor

import (
	"context"
	"time"

	"linienfunk/bots"
)

// forgetEvery is how often texts are deleted whose retention is over.
const forgetEvery = 10 * time.Minute

// forget deletes old texts from the ledger and from the bots' tables.
func (s *Supervisor) forget(ctx context.Context) {
	for {
		for _, city := range s.env.Cities() {
			s.forgetCity(ctx, city)
		}
		if sleep(ctx, forgetEvery) != nil {
			return
		}
	}
}

func (s *Supervisor) forgetCity(ctx context.Context, city string) {
	keep, ok := s.env.Retention(city)
	if !ok {
		return
	}
	before := s.env.Now().Add(-keep)
	if _, err := s.env.DB.Forget(ctx, city, before); err != nil && ctx.Err() == nil {
		s.env.Log.Error("cannot forget texts", "city", city, "err", err)
	}
	for _, member := range s.env.Directory.members {
		pruner, ok := member.Bot.(bots.Pruner)
		if !ok {
			continue
		}
		_, err := guard(ctx, s.env.Grace, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, pruner.Prune(ctx, city, before)
		})
		if err != nil && ctx.Err() == nil {
			s.env.Log.Error("cannot forget texts", "city", city, "bot", member.Name, "err", err)
		}
	}
}
