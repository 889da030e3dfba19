package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/censor"
	"linienfunk/settings"
)

// openSettings creates the node and the storage of settings. They know no city until loadSettings.
func (p *Program) openSettings(context.Context) error {
	compiler, err := p.compiler()
	if err != nil {
		return err
	}
	schema := settings.Schema{Compile: compiler.Compile, Options: map[string][]bots.Option{}}
	for _, plugin := range all.Plugins() {
		schema.Options[plugin.Name] = plugin.Options
	}
	log := p.log.With("part", "settings")
	p.settings = settings.NewNode(p.bus, schema, log, p.now)
	p.storage = settings.NewStorage(p.db, p.bus, schema, log, p.now)
	return nil
}

// loadSettings runs the storage and the node, and waits until all cities are known. Before that no report can be judged, and mail for
// a city would be refused.
func (p *Program) loadSettings(ctx context.Context) error {
	if err := p.storage.ImportLegacy(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = p.storage.Run(running) }) // they end only with running
	parts.Go(func() { _ = p.settings.Run(running) })
	p.onClose(func() error { stop(); parts.Wait(); return nil })
	ctx, cancel := context.WithTimeout(ctx, settingsTime)
	defer cancel()
	if err := p.settings.Loaded(ctx); err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	cities, _ := p.settings.All(ctx) // reads memory
	saveMemory(len(cities))
	return p.settings.KeepFormerDefaults(ctx, p.db)
}

// settingsTime is the deadline for loading all cities at the start.
const settingsTime = 2 * time.Minute

// compiler compiles the lists of cities together with the list of slurs, which the operator can extend.
func (p *Program) compiler() (*censor.Compiler, error) {
	slurs := censor.DefaultSlurs()
	if path := p.config.Censor.Slurs; path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("censor.slurs: %w", err)
		}
		slurs = append(slurs, strings.Split(string(text), "\n")...)
	}
	compiler, err := censor.NewCompiler(slurs)
	if err != nil {
		return nil, fmt.Errorf("censor.slurs: %w", err)
	}
	return compiler, nil
}
