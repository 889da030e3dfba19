package frontend

import (
	"context"
	"log/slog"
	"sync"

	"linienfunk/bots"
	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
)

// runSettings keeps the settings as the program does: a Storage and a Node on a stream.
func (s *site) runSettings(database *db.DB, log *slog.Logger) {
	stream := testkit.Bus(s.t)
	schema := settings.Schema{Compile: censor.Compile, Options: map[string][]bots.Option{"alpha": options}}
	s.storage = settings.NewStorage(database, stream, schema, log, s.now)
	s.store = settings.NewNode(stream, schema, log, s.now)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.storage.Run(ctx) })
	running.Go(func() { s.store.Run(ctx) })
	s.t.Cleanup(func() { cancel(); running.Wait() })
	check(s.t, s.store.Loaded(s.t.Context()))
}

// options are those of the fake network.
var options = []bots.Option{
	{Name: "copy", Kind: bots.Switch, Default: false},
	{Name: "who_may", Kind: bots.Choice, Choices: []string{"all", "few"}, Default: "all"},
	{Name: "greeting", Kind: bots.Text, Default: "Hello", Max: 40},
	{Name: "rules", Kind: bots.Text, Default: "", Max: 500},
	{Name: "budget", Kind: bots.Number, Default: 5, Min: 0, Max: 900},
}

// save is what another admin does: it changes some fields of a city's present settings.
func (s *site) save(city string, admin uint, changes map[string]any) settings.Snapshot {
	s.t.Helper()
	now, _, err := s.store.Get(s.t.Context(), city)
	check(s.t, err)
	to, err := settings.With(now.Document, changes)
	check(s.t, err)
	now, err = s.store.Submit(s.t.Context(), settings.Draft{City: city, Base: now.Hash, From: now.Document, To: to, Admin: admin})
	check(s.t, err)
	return now
}

// present is what is in force.
func (s *site) present(city string) settings.Snapshot {
	s.t.Helper()
	now, ok, err := s.store.Get(s.t.Context(), city)
	check(s.t, err)
	if !ok {
		s.t.Fatalf("no city %s", city)
	}
	return now
}
