package app

import (
	"context"
	"path/filepath"
	"slices"

	"linienfunk/internal/config"
	"linienfunk/transit"
	"linienfunk/transit/read"
)

// feedsDirectory holds uploaded feeds until they are read.
const feedsDirectory = "feeds"

func (p *Program) openNetworks(context.Context) error {
	log := p.log.With("part", "networks")
	p.networks = transit.NewStore(p.db, p.now)
	p.imports = transit.NewImports(p.networks, filepath.Join(p.config.Data, feedsDirectory), log)
	p.readers = transit.NewReaders(p.networks, p.readerSource, log, p.now)
	if p.config.Has(config.RoleCensor) {
		p.settings.OnChange(p.readers.Changed) // also when they are known for the first time
	}
	return nil
}

// readerSource says what the reader of a city's reports is made of. Riders write in the city's language and in English.
func (p *Program) readerSource(city string) (transit.Source, bool) {
	snapshot, ok, _ := p.settings.Get(context.Background(), city) // reads memory
	if !ok || snapshot.Network == "" {
		return transit.Source{}, false
	}
	return transit.Source{Network: snapshot.Network, Languages: readerLanguages(snapshot.Lang), Names: snapshot.StopNames}, true
}

func readerLanguages(city string) []string {
	languages := []string{"en"}
	if city != "en" && slices.Contains(read.Languages(), city) {
		languages = []string{city, "en"}
	}
	return languages
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
