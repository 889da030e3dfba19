package frontendtest

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

// runSettings runs a Storage and a Node on a stream, as the program does.
func (s *World) runSettings(database *db.DB, log *slog.Logger) {
	stream := testkit.Bus(s.T)
	schema := settings.Schema{Compile: censor.Compile, Options: map[string][]bots.Option{"alpha": options}}
	s.Storage = settings.NewStorage(database, stream, schema, log, s.Now)
	s.Node = settings.NewNode(stream, schema, log, s.Now)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Storage.Run(ctx) })
	running.Go(func() { s.Node.Run(ctx) })
	s.T.Cleanup(func() { cancel(); running.Wait() })
	Check(s.T, s.Node.Loaded(s.T.Context()))
}

// options are those of the bot alpha.
var options = []bots.Option{
	{Name: "copy", Kind: bots.Switch, Default: false},
	{Name: "who_may", Kind: bots.Choice, Choices: []string{"all", "few"}, Default: "all"},
	{Name: "greeting", Kind: bots.Text, Default: "Hello", Max: 40},
	{Name: "rules", Kind: bots.Text, Default: "", Max: 500},
	{Name: "budget", Kind: bots.Number, Default: 5, Min: 0, Max: 900},
}

// Save changes some fields of a city's settings, as another admin does.
func (s *World) Save(city string, admin uint, changes map[string]any) settings.Snapshot {
	s.T.Helper()
	now, _, err := s.Node.Get(s.T.Context(), city)
	Check(s.T, err)
	to, err := settings.With(now.Document, changes)
	Check(s.T, err)
	now, err = s.Node.Submit(s.T.Context(), settings.Draft{City: city, Base: now.Hash, From: now.Document, To: to, Admin: admin})
	Check(s.T, err)
	return now
}

// Present returns the settings that are in force.
func (s *World) Present(city string) settings.Snapshot {
	s.T.Helper()
	now, ok, err := s.Node.Get(s.T.Context(), city)
	Check(s.T, err)
	if !ok {
		s.T.Fatalf("no city %s", city)
	}
	return now
}

// Form returns a valid settings form as names and values, with changes.
func (s *World) Form(city string, pairs ...string) []string {
	now, _, err := s.Node.Get(s.T.Context(), city)
	Check(s.T, err)
	values := map[string]string{
		"base": string(now.Hash), "title": "Berlin", "lang": "de", "active": "on", "listed": "on", "about": "", "time_zone": "",
		"triggers": "kontrolle", "blocked": "", "freshness_minutes": "30", "retention_hours": "24",
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	var flat []string
	for name, value := range values {
		flat = append(flat, name, value)
	}
	return flat
}

// Exported returns the city's settings as a file, with changes.
func (s *World) Exported(city string, changes map[string]any) string {
	s.T.Helper()
	now := s.Present(city)
	document, err := settings.With(now.Document, changes)
	Check(s.T, err)
	text, err := settings.NewExport(city, now.Hash, document)
	Check(s.T, err)
	return string(text)
}
