package frontendtest

import (
	"context"
	"errors"
	"log/slog"

	"linienfunk/bots/chat"
	"linienfunk/bots/places"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/report"
	"linienfunk/supervisor"
	"linienfunk/transit"
)

// newCommands makes the commands, as the program does.
func (s *World) newCommands(database *db.DB, box *secret.Box, log *slog.Logger, networks *transit.Store, imports *transit.Imports) *commands.Commands {
	tables, err := database.Prefixed("command_")
	Check(s.T, err)
	made, err := commands.New(commands.Deps{
		DB: database, Tables: tables, Settings: s.Node, History: s.Storage, Box: box, Log: log, Now: s.Now, Mail: s.Mails, BaseURL: s.URL, Domain: "linienfunk.example",
		Transit: networks, Imports: imports,
		Publish: func(ctx context.Context, r report.Report) error {
			if s.Publish == nil {
				return errors.ErrUnsupported
			}
			return s.Publish(ctx, r)
		},
		HideID: func(key string) string { return box.Digest("report", key)[:32] },
		Status: func(string) []supervisor.Status { s.mu.Lock(); defer s.mu.Unlock(); return s.statuses },
		InstanceChanged: func(ctx context.Context) error {
			stops, err := s.Site.Commands.Stops(ctx)
			moves, err2 := s.Site.Commands.Moves(ctx)
			s.Node.SetStops(stops)
			s.Node.SetMoves(moves)
			_, failed := s.Site.Commands.ReadBlocks(ctx)
			return errors.Join(err, err2, failed, s.Site.Commands.ReadAnnouncements(ctx))
		},
		Changed:  func(city string) { s.Changed <- city },
		Networks: map[string]chat.Network{}, MailNetworks: map[string]bool{}, Senders: []string{"alpha"},
		Places:    map[string]places.Network{},
		Title:     func(lang, bot string) string { return s.Bots.Title(lang, bot) },
		Translate: func(lang, bot, id string) string { return s.Bots.Translate(lang, bot, id) },
	})
	Check(s.T, err)
	return made
}
