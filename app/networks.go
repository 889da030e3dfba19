package app

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"linienfunk/censor"
	"linienfunk/internal/config"
	"linienfunk/internal/outgoing"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/transit"
	"linienfunk/transit/read"
)

// feedsDirectory holds uploaded feeds until they are read.
const feedsDirectory = "feeds"

func (p *Program) openNetworks(context.Context) error {
	log := p.log.With("part", "networks")
	p.networks = transit.NewStore(p.db, p.now)
	p.imports = transit.NewImports(p.networks, filepath.Join(p.config.Data, feedsDirectory), log)
	p.imports.HTTP = outgoing.Client(p.config.Outgoing.AllowPrivate, p.userAgent())
	p.readers = transit.NewReaders(p.networks, p.readerSource, log, p.now)
	p.settings.Read = p.readText
	if p.config.Has(config.RoleCensor) {
		p.settings.OnChange(p.readers.Changed) // also when they are known for the first time
	}
	return nil
}

// readerSource says what the reader of a city's reports is made of; false if the city has no network.
func (p *Program) readerSource(city string) (transit.Source, bool) {
	snapshot, _, _ := p.settings.Get(context.Background(), city) // reads memory
	return snapshot.Reader()
}

// rules returns what the censor needs of a city: false if the city does not exist.
func (p *Program) rules(city string) (censor.Rules, bool) {
	rules, ok := p.settings.Rules(city)
	if !ok {
		return rules, false
	}
	reader, ready := p.readers.Reader(city)
	if rules.Loading = !ready; ready && reader == nil {
		snapshot, _, _ := p.settings.Get(context.Background(), city) // reads memory
		reader = p.generalReader(snapshot.Lang)
	}
	rules.Loading = rules.Loading || rules.Active && p.directory.Resuming(city)
	rules.Reader = reader
	return rules, true
}

// readWait is how long somebody who asks what a text means waits for the city's network to be loaded.
const readWait = 2 * time.Second

// readText reads a text with a city's lines and stops, as the censor does.
func (p *Program) readText(city, text string) report.Reading {
	ctx, cancel := context.WithTimeout(context.Background(), readWait)
	defer cancel()
	reader, err := p.readers.Wait(ctx, city)
	if err != nil {
		p.log.Warn("a city's lines and stops are not loaded", "city", city, "err", err)
	}
	if reader == nil {
		snapshot, _, _ := p.settings.Get(ctx, city) // reads memory
		reader = p.generalReader(snapshot.Lang)
	}
	return reader.Describe(reader.Read(text, read.Context{}))
}

// generalReader returns the reader for cities of a language that have no network; nil if there is none.
func (p *Program) generalReader(lang string) *read.Reader {
	if found, ok := p.generalReaders.Load(lang); ok {
		return found.(*read.Reader)
	}
	made, err := read.New(nil, read.Options{Languages: settings.RiderLanguages(lang)})
	if err != nil {
		p.log.Error("reports of cities without lines and stops are not read", "language", lang, "err", err)
	}
	found, _ := p.generalReaders.LoadOrStore(lang, made)
	return found.(*read.Reader)
}

// pruneNetworks deletes networks that no city has had for a while.
func (p *Program) pruneNetworks(ctx context.Context) error {
	all, err := p.settings.All(ctx)
	if err != nil {
		return err
	}
	var used []string
	for _, snapshot := range all {
		if snapshot.Network != "" {
			used = append(used, snapshot.Network)
		}
	}
	slices.Sort(used)
	return p.networks.Prune(ctx, slices.Compact(used))
}
