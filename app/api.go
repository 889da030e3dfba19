package app

import (
	"context"

	"linienfunk/api"
	"linienfunk/internal/outgoing"
)

// apiTables is the prefix of the tables of package api.
const apiTables = "api_"

func (p *Program) openAPI(context.Context) error {
	tables, err := p.db.Prefixed(apiTables)
	if err != nil {
		return err
	}
	log := p.log.With("part", "api")
	p.api, err = api.New(api.Deps{
		Commands: p.commands, Keys: &api.Keys{Tables: tables, Log: log, Now: p.now}, Limits: p.limits, BaseURL: p.config.BaseURL, Log: log, Now: p.now,
		DB: p.db, Bus: p.bus, Box: p.box, HTTP: outgoing.Client(p.config.Outgoing.AllowPrivate, p.userAgent()), Plain: p.config.Outgoing.AllowPrivate,
	})
	if err == nil {
		p.commands.EndPrograms = p.api.EndPrograms
	}
	return err
}

// judged announces that something was written about a city's reports. Who follows them looks at the ledger now and then as well.
func (p *Program) judged(city string) { _ = p.bus.Notify(api.LedgerSubject+city, nil) }
