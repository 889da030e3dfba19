package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bus"
	"linienfunk/bus/programs"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/limits"
	"linienfunk/internal/outgoing"
	"linienfunk/internal/secret"
)

// connectPrograms gives a network of programs its side of NATS.
func (p *Program) connectPrograms(name string, network programs.Network) error {
	service := p.bus.Programs(network.Authenticate)
	service.Waiting = func(ctx context.Context, city string) (int64, error) { return p.db.CountWaiting(ctx, name, city) }
	return network.UsePrograms(service)
}

// printPermissions prints the users of all networks of programs as nats-server's configuration has them.
func printPermissions(ctx context.Context, settings config.Config, out io.Writer) error {
	if settings.NATS.URL == "" {
		return errors.New("nats.url is not set: programs connect to the port nats.listen, which checks them by itself")
	}
	database, err := openExisting(ctx, settings)
	if err != nil {
		return err
	}
	defer database.Close()
	if _, err := fmt.Fprintln(out, "# For authorization { users = [ … ] }, or the users of linienfunk's own account. Print them again when a city has connected or\n"+
		"# disconnected a program, or made a new password, and reload the servers."); err != nil {
		return err
	}
	for _, plugin := range all.Plugins() {
		bot, err := idleBot(plugin, database, settings)
		if err != nil {
			return fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
		network, ok := bot.(programs.Network)
		if !ok {
			continue
		}
		users, err := network.Users(ctx)
		if err != nil {
			return fmt.Errorf("bot %s: %w; has the program run with this database?", plugin.Name, err)
		}
		if err := bus.WritePermissions(out, settings.NATS.Prefix, users); err != nil {
			return err
		}
	}
	return nil
}

// idleBot makes a bot that only reads its tables.
func idleBot(plugin all.Network, database *db.DB, settings config.Config) (bots.Bot, error) {
	tables, err := database.Prefixed(plugin.Name + "_")
	if err != nil {
		return nil, err
	}
	box, err := existingBox(settings)
	if err != nil {
		return nil, err
	}
	p := &Program{config: settings}
	return plugin.New(bots.Core{
		Name: plugin.Name, Config: p.configOf(plugin), BaseURL: settings.BaseURL, Log: slog.New(slog.DiscardHandler), DB: tables,
		HTTP: outgoing.Client(false, p.userAgent()), Now: time.Now, Box: box, Limits: limits.NewGroup(time.Now), Cities: noCities{}, Changed: func(string) {},
	})
}

// existingBox opens the instance key, which must be there: a new one would open nothing.
func existingBox(settings config.Config) (*secret.Box, error) {
	path := filepath.Join(settings.Data, keyFile)
	if missing(path) {
		return nil, fmt.Errorf("no %s; is data the directory of the running program?", path)
	}
	key, err := secret.LoadKey(path)
	if err != nil {
		return nil, err
	}
	return key.Box()
}

// noCities are the cities of an idle bot.
type noCities struct{}

func (noCities) City(context.Context, string) (bots.City, bool, error) {
	return bots.City{}, false, nil
}
func (noCities) All(context.Context) ([]bots.City, error) { return nil, nil }
func (noCities) SenderBlocked(string) bool                { return false }

func (noCities) ServerBlocked(string) bool { return false }

func (noCities) OnChange(func(string)) {}
