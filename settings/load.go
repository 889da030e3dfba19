package settings

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"linienfunk/bus"
	"linienfunk/settings/chain"
)

const (
	requestTimeout     = 30 * time.Second      // for one answer of the storage
	minBackoff         = 20 * time.Millisecond // after an answer that came too early; doubled up to askPause
	maxBackoff         = 2 * time.Second
	maxConcurrentLoads = 8           // questions at the same time
	compareInterval    = time.Minute // then all cities are compared with the storage, in case that it judged otherwise
)

// inquire asks for stale cities, again and again until there are none, and then waits for the next.
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
		if !listed {
			listed = n.compareHeads(ctx) == nil
		}
		n.loadAll(ctx, n.staleCities())
		if listed && len(n.staleCities()) == 0 {
			n.markLoaded()
			pause = minBackoff
			continue
		}
		sleep(ctx, pause)
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

// stale lists the cities to ask for. Those that the storage cannot tell are asked for again when all are compared.
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
				level("cannot load settings; will try again", "city", city, "err", err)
			}
		})
	}
	all.Wait()
}

// load asks for one city, and moves its replica to where the answer leads.
func (n *Node) loadCity(ctx context.Context, city string) error {
	n.replicaMu.Lock()
	r, ok := n.replicas[city]
	if !ok || !r.stale {
		n.replicaMu.Unlock()
		return nil
	}
	have := r.hash
	n.replicaMu.Unlock()
	answer, err := n.requestCity(ctx, city, have)
	if err != nil {
		return err
	}
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	if r, ok = n.replicas[city]; !ok || !r.stale {
		return nil
	}
	if answer.Stream != n.stream {
		return errBehind // it has not noticed yet that the stream is another one
	}
	switch {
	case answer.Broken:
		n.markBroken(city, r, answer.Error)
		return nil
	case answer.Gone && answer.Sequence < r.minSeq, answer.Gone && len(r.pending) > 0 && r.pending[len(r.pending)-1].seq > answer.Sequence:
		return errBehind
	case answer.Gone:
		n.removeCity(city)
		return nil
	}
	if known, base := r.known, r.hash; known && answer.Base != base {
		n.log.Error("the storage does not know the version that was in force here", "city", city, "had", base, "has", answer.Hash)
	}
	later, err := r.catchUp(city, answer)
	if err != nil {
		return err
	}
	doc, filter, err := n.schema.loadDocument(city, r.version)
	if err != nil {
		n.log.Error("a city is at rest", "city", city, "err", err)
	}
	n.publish(city, r.version, doc, filter)
	for _, one := range later {
		n.applyUpdate(r, one)
	}
	n.resolveWaiters(city, r)
	return nil
}

// rest leaves a city whose chain is broken as it is. If it was never known here, it is there, at rest, so that its reports are not taken for
// those of a city that is gone. The caller holds fold.
func (n *Node) markBroken(city string, r *replica, why string) {
	r.broken = true
	n.log.Error("a city's settings cannot be loaded; what is in force stays so", "city", city, "err", why)
	if r.known {
		return
	}
	doc, filter, _ := n.schema.loadDocument(city, r.version) // the root, which cannot be used
	n.publish(city, r.version, doc, filter)
}

// search asks whether an update is part of its city's chain: if it is, an answer can begin there.
func (n *Node) queryLink(city string, link chain.Hash) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	answer, err := n.requestCity(ctx, city, link)
	if err != nil {
		return // Submit says that it does not know
	}
	if answer.Base != link {
		err = ErrConflict
	}
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	n.notify(link, err)
}

func (n *Node) requestCity(ctx context.Context, city string, have chain.Hash) (CityState, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var answer CityState
	err := n.bus.Request(ctx, requestSubject, Request{City: city, Have: have}, &answer)
	if err == nil && answer.Error != "" && !answer.Broken {
		err = errors.New(answer.Error)
	}
	return answer, err
}

// list compares all cities with those of the storage. What differs becomes stale, and is asked for.
func (n *Node) compareHeads(ctx context.Context) error {
	heads := map[string]chain.Hash{}
	after, seq, stream := "", uint64(0), ""
	for more := true; more; {
		var page CityList
		call, cancel := context.WithTimeout(ctx, requestTimeout)
		err := n.bus.Request(call, requestSubject, Request{After: after}, &page)
		cancel()
		if err == nil && page.Error != "" {
			err = errors.New(page.Error)
		}
		if err != nil {
			return err
		}
		if after == "" {
			seq, stream = page.Sequence, page.Stream // of the first page: the others are newer
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

// lookAround compares now and then.
func (n *Node) compareRegularly(ctx context.Context) {
	ticker := time.NewTicker(compareInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := n.compareHeads(ctx); err != nil && ctx.Err() == nil {
			n.log.Debug("cannot compare settings with the storage", "err", err)
		}
	}
}
