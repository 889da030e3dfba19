package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
)

// rowsOf are the rows about a city in tables that have no column "city". A test compares them with the tables that there are.
func rowsOf(city string) []db.Rows {
	const names = "LIKE '%' || transit_networks.hash || '%'" // hashes are long and unguessable
	return []db.Rows{
		{Table: "ledger_deliveries", Where: "entry_id IN (SELECT id FROM ledger_entries WHERE city = ?)", Values: []any{city}},
		{Table: "command_calls", Where: "actor IN (SELECT 'key ' || id FROM api_keys WHERE city = ?)", Values: []any{city}},
		{Table: "mail_returns", Where: "ref LIKE ?", Values: []any{city + " %"}},              // see mail.Message.BounceID
		{Table: "tokens", Where: "data LIKE ?", Values: []any{"%\"City\":\"" + city + "\"%"}}, // of people who wanted to make a city of this name
		{Table: "transit_networks", Where: "EXISTS (SELECT 1 FROM settings_links WHERE city = ? AND patch " + names + ") AND NOT EXISTS (SELECT 1 FROM settings_links WHERE city <> ? AND patch " + names + ") " +
			"AND NOT EXISTS (SELECT 1 FROM transit_imports WHERE city <> ? AND transit_imports.hash = transit_networks.hash)", Values: []any{city, city, city}},
		{Table: "transit_networks", Where: "hash IN (SELECT hash FROM transit_imports WHERE city = ?) AND NOT EXISTS (SELECT 1 FROM settings_links WHERE city <> ? AND patch " + names + ") " +
			"AND NOT EXISTS (SELECT 1 FROM transit_imports o WHERE o.city <> ? AND o.hash = transit_networks.hash)", Values: []any{city, city, city}},
		{Table: "cities", Where: "name = ?", Values: []any{city}},
	}
}

// endedSubject is followed by the name of a city that was deleted: all nodes forget it.
const endedSubject = "ended."

// openEnding has this node forget cities that others delete.
func (p *Program) openEnding(context.Context) error {
	p.commands.DeleteCity = func(ctx context.Context, city string, last func(tx *gorm.DB) error) error {
		return p.db.DeleteCity(ctx, city, rowsOf(city), p.storage.Lock, last)
	}
	p.commands.SweepCity = p.sweepCity
	stop, err := p.bus.Subscribe(endedSubject+"*", func(subject string, _ []byte) {
		city := subject[strings.LastIndexByte(subject, '.')+1:]
		go func() {
			if err := p.forgetCity(context.Background(), city); err != nil {
				p.log.Warn("a deleted city is not forgotten yet", "city", city, "err", err)
			}
		}()
	})
	if err == nil {
		p.onClose(func() error { stop(); return nil })
	}
	return err
}

// sweepCity removes what a deleted city has left in streams, files and the memory of nodes.
func (p *Program) sweepCity(ctx context.Context, city string) error {
	if err := p.storage.EraseUpdates(ctx, city); err != nil {
		return err
	}
	if err := p.bus.Notify(endedSubject+city, nil); err != nil {
		return err
	}
	return errors.Join(p.forgetCity(ctx, city), p.db.Erase(ctx))
}

// forgetCity forgets a deleted city on this node.
func (p *Program) forgetCity(ctx context.Context, city string) error {
	if err := p.settings.Drop(ctx, city); err != nil {
		return err
	}
	for _, member := range p.directory.Members() {
		_ = p.directory.Refresh(ctx, member.Name) // every minute again
	}
	p.dropPages("." + city)
	files, err := filepath.Glob(filepath.Join(p.config.Data, keptSettings(city, "????????T??????Z", "*")))
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// endEvery is how often it is looked for cities whose day of grace is over, or that have moved, and for announcements to mail.
const endEvery = 5 * time.Second

func (p *Program) endCities(ctx context.Context) error {
	ticker := time.NewTicker(endEvery)
	defer ticker.Stop()
	for {
		if err := p.commands.EndCities(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("a city is not deleted yet; will go on", "err", err)
		}
		if err := p.commands.MailAnnouncements(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("an announcement is not mailed to all owners yet; will go on", "err", err)
		}
		if err := p.commands.MoveCities(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("not all subscribers are asked yet whether they go along with a city; will go on", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
