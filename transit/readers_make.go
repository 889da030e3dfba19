package transit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"linienfunk/db"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// next takes a source from the queue.
func (r *Readers) next() (Source, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return Source{}, false
	}
	source := r.queue[0]
	r.queue = r.queue[1:]
	if len(r.queue) > 0 {
		r.wake() // the other worker
	}
	return source, true
}

// make makes a reader and keeps it.
func (r *Readers) make(ctx context.Context, source Source) {
	reader, err := r.load(ctx, source)
	key := source.key()
	if err != nil && ctx.Err() == nil {
		r.log.Error("cannot load a network; reports are judged without it", "network", source.Network, "err", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.failed, key)
		r.clock++
		r.ready[key] = &made{reader: reader, stops: len(reader.Network().Stops), used: r.clock}
		r.forget(key)
	} else {
		r.failed[key] = r.now().Add(retryTime)
	}
	coming := r.wanted[key]
	delete(r.wanted, key)
	coming.err = err
	close(coming.done)
}

func (r *Readers) load(ctx context.Context, source Source) (*read.Reader, error) {
	n, err := r.store.Load(ctx, source.Network)
	if errors.Is(err, db.ErrNotFound) {
		return nil, fmt.Errorf("it is not stored here, since the settings are those of another server, or an old change was undone: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if len(n.Stops) > MaxCityStops { // pages save none; a file with settings may name a feed's
		return nil, ErrLarge
	}
	names, err := network.ParseNames(strings.Join(source.Names, "\n"))
	if err != nil {
		return nil, err
	}
	return read.New(n, read.Options{Languages: source.Languages, Names: names})
}

// forget removes the readers that were used least recently, except one, while all of them have more than MaxStops. The caller holds mu.
func (r *Readers) forget(except string) {
	total := 0
	for _, one := range r.ready {
		total += one.stops
	}
	for total > r.MaxStops && len(r.ready) > 1 {
		oldest := ""
		for key, one := range r.ready {
			if key != except && (oldest == "" || one.used < r.ready[oldest].used) {
				oldest = key
			}
		}
		total -= r.ready[oldest].stops
		delete(r.ready, oldest)
	}
}
