package settings

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"linienfunk/bus"
	"linienfunk/internal/wait"
	"linienfunk/settings/chain"
)

const (
	requestTimeout     = 30 * time.Second
	minBackoff         = 20 * time.Millisecond // doubled up to maxBackoff
	maxBackoff         = 2 * time.Second
	maxConcurrentLoads = 8
	compareInterval    = time.Minute
)

// loadStale loads stale cities until there are none left, then waits for the next wakeup.
func (n *Node) loadStale(ctx context.Context) {
	listed, pause := false, minBackoff
	for ctx.Err() == nil {
		if !listed || len(n.staleCities()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-n.wakeup:
			}
		}
		isStart := !listed
		if isStart {
			listed = n.compareHeads(ctx) == nil
		}
		if listed && (isStart || len(n.staleCities()) > loadPageSize) {
			n.loadPages(ctx)
		}
		n.loadAll(ctx, n.staleCities())
		if listed && len(n.staleCities()) == 0 {
			n.markLoaded()
			pause = minBackoff
			continue
		}
		wait.For(ctx, pause)
		pause = min(2*pause, maxBackoff)
		n.wake()
	}
}

func (n *Node) markLoaded() {
	if !n.isLoaded {
		n.isLoaded = true
		close(n.loaded)
	}
}

// staleCities lists the cities to load. Those with a broken chain are retried when all cities are compared.
func (n *Node) staleCities() []string {
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	var names []string
	for city, r := range n.replicas {
		if r.stale && !r.broken {
			names = append(names, city)
		}
	}
	slices.Sort(names)
	return names
}

func (n *Node) loadAll(ctx context.Context, cities []string) {
	var all sync.WaitGroup
	slots := make(chan struct{}, maxConcurrentLoads)
	for _, city := range cities {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := n.loadCity(ctx, city); err != nil && ctx.Err() == nil {
				level := n.log.Error
				if errors.Is(err, errBehind) || errors.Is(err, bus.ErrNoResponder) {
					level = n.log.Debug
				}
				level("cannot load settings; will retry", "city", city, "err", err)
			}
		})
	}
	all.Wait()
}

// loadCity requests the state of one city and moves its replica to it.
func (n *Node) loadCity(ctx context.Context, city string) error {
	n.replicaMu.Lock()
	r, ok := n.replicas[city]
	if !ok || !r.stale {
		n.replicaMu.Unlock()
		return nil
	}
	have := r.hash
	n.replicaMu.Unlock()
	state, err := n.requestCity(ctx, city, have)
	if err != nil {
		return err
	}
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	if known, base := r.known, r.hash; known && state.Base != base && !state.Broken && !state.Gone {
		n.log.Error("the storage does not know this node's version; it is replaced", "city", city, "hash", base, "storage_hash", state.Hash)
	}
	if err := n.accept(city, state); err != nil {
		return err
	}
	if r, ok := n.replicas[city]; ok && !r.stale {
		r.verified = true
	}
	return nil
}

// accept moves a stale replica to a state that the storage has returned. The caller holds replicaMu.
func (n *Node) accept(city string, state CityState) error {
	r, ok := n.replicas[city]
	if !ok || !r.stale {
		return nil
	}
	if state.Stream != n.stream {
		return errBehind // the storage has not noticed yet that the stream was recreated
	}
	switch {
	case state.Broken:
		n.markBroken(city, r, state.Error)
		return nil
	case state.Gone && state.Sequence < r.minSeq, state.Gone && len(r.pending) > 0 && r.pending[len(r.pending)-1].seq > state.Sequence:
		return errBehind
	case state.Gone:
		n.removeCity(city)
		return nil
	}
	later, err := r.catchUp(city, state)
	if err != nil {
		return err
	}
	doc, filter, err := n.schema.loadDocument(city, r.version)
	if err != nil {
		n.log.Error("a city is inactive until an admin saves valid settings", "city", city, "err", err)
	}
	n.publish(city, r.version, doc, filter)
	for _, one := range later {
		n.applyUpdate(r, one)
	}
	n.resolveWaiters(city, r)
	return nil
}

// markBroken keeps the current version of a city whose chain is broken. A city without one whose chain was verified is published as inactive, so
// that its reports are not dropped like those of a deleted city. The caller holds replicaMu.
func (n *Node) markBroken(city string, r *replica, reason string) {
	r.broken = true
	if r.verified {
		n.log.Error("a city's settings cannot be loaded; its current version stays in force", "city", city, "err", reason)
		return
	}
	n.log.Error("a city's settings cannot be loaded; it is inactive", "city", city, "err", reason)
	r.version, r.known = rootOf(city), false
	r.markStale(n.nextSeq - 1)
	r.broken = true
	doc, filter, _ := n.schema.loadDocument(city, r.version) // the root is not a valid document
	n.publish(city, r.version, doc, filter)
}

// queryLink asks the storage whether an update is in its city's chain: if it is, the response starts at that version.
func (n *Node) queryLink(city string, link chain.Hash) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	state, err := n.requestCity(ctx, city, link)
	if err != nil {
		return // Submit returns ErrPending
	}
	if state.Base != link {
		err = ErrConflict
	}
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	n.notify(link, err)
}

// requestCity requests a city's state, starting at the version have.
func (n *Node) requestCity(ctx context.Context, city string, have chain.Hash) (CityState, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var state CityState
	err := n.bus.Request(ctx, requestSubject, Request{City: city, Have: have}, &state)
	if err == nil && state.Error != "" && !state.Broken {
		err = errors.New(state.Error)
	}
	return state, err
}

func (n *Node) requestList(ctx context.Context, r Request) (CityList, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var page CityList
	err := n.bus.Request(ctx, requestSubject, r, &page)
	if err == nil && page.Error != "" {
		err = errors.New(page.Error)
	}
	return page, err
}

// compareHeads compares the versions of all cities with the storage's. Cities that differ become stale and are loaded.
func (n *Node) compareHeads(ctx context.Context) error {
	heads := map[string]chain.Hash{}
	after, seq, stream := "", uint64(0), ""
	for more := true; more; {
		page, err := n.requestList(ctx, Request{After: after})
		if err != nil {
			return err
		}
		if after == "" {
			seq, stream = page.Sequence, page.Stream // the oldest state, that of the first page
		}
		for _, head := range page.Cities {
			heads[head.City], after = head.Hash, head.City
		}
		more = page.More && len(page.Cities) > 0
	}
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	if stream != n.stream || n.nextSeq == 0 {
		return errBehind
	}
	for city, hash := range heads {
		r, ok := n.replicas[city]
		if !ok {
			r = &replica{version: rootOf(city)}
			n.replicas[city] = r
		}
		if r.broken || !r.stale && (!ok || r.hash != hash && seq >= n.nextSeq-1) {
			r.markStale(n.nextSeq - 1)
		}
	}
	for _, city := range slices.Collect(maps.Keys(n.replicas)) {
		if r := n.replicas[city]; heads[city] == "" && !r.stale {
			r.markStale(n.nextSeq - 1)
		}
	}
	n.wake()
	return nil
}

// compareRegularly compares all cities with the storage, in case that they differ after all.
func (n *Node) compareRegularly(ctx context.Context) {
	wait.Every(ctx, compareInterval, func() {
		if err := n.compareHeads(ctx); err != nil && ctx.Err() == nil {
			n.log.Debug("cannot compare settings with the storage", "err", err)
		}
	})
}
