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
	askTime   = 30 * time.Second      // for one answer of the storage
	askAgain  = 20 * time.Millisecond // after an answer that came too early; doubled up to askPause
	askPause  = 2 * time.Second
	askers    = 8           // questions at the same time
	lookEvery = time.Minute // then all cities are compared with the storage, in case that it judged otherwise
)

// inquire asks for stale cities, again and again until there are none, and then waits for the next.
func (n *Node) inquire(ctx context.Context) {
	listed, pause := false, askAgain
	for ctx.Err() == nil {
		if !listed || len(n.stale()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-n.ask:
			}
		}
		if !listed {
			listed = n.list(ctx) == nil
		}
		n.askAll(ctx, n.stale())
		if listed && len(n.stale()) == 0 {
			n.ready()
			pause = askAgain
			continue
		}
		wait(ctx, pause)
		pause = min(2*pause, askPause)
		n.wake()
	}
}

func (n *Node) ready() {
	if !n.isReady {
		n.isReady = true
		close(n.loaded)
	}
}

// stale lists the cities to ask for. Those that the storage cannot tell are asked for again when all are compared.
func (n *Node) stale() []string {
	n.fold.Lock()
	defer n.fold.Unlock()
	var names []string
	for city, r := range n.replicas {
		if r.stale && !r.broken {
			names = append(names, city)
		}
	}
	slices.Sort(names)
	return names
}

func (n *Node) askAll(ctx context.Context, cities []string) {
	var all sync.WaitGroup
	slots := make(chan struct{}, askers)
	for _, city := range cities {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := n.load(ctx, city); err != nil && ctx.Err() == nil {
				level := n.log.Error
				if errors.Is(err, errEarly) || errors.Is(err, bus.ErrNobody) {
					level = n.log.Debug
				}
				level("cannot load settings; will try again", "city", city, "err", err)
			}
		})
	}
	all.Wait()
}

// load asks for one city, and moves its replica to where the answer leads.
func (n *Node) load(ctx context.Context, city string) error {
	n.fold.Lock()
	r, ok := n.replicas[city]
	if !ok || !r.stale {
		n.fold.Unlock()
		return nil
	}
	have := r.hash
	n.fold.Unlock()
	answer, err := n.question(ctx, city, have)
	if err != nil {
		return err
	}
	n.fold.Lock()
	defer n.fold.Unlock()
	if r, ok = n.replicas[city]; !ok || !r.stale {
		return nil
	}
	if answer.Stream != n.stream {
		return errEarly // it has not noticed yet that the stream is another one
	}
	switch {
	case answer.Broken:
		n.rest(city, r, answer.Error)
		return nil
	case answer.Gone && answer.Sequence < r.floor, answer.Gone && len(r.pending) > 0 && r.pending[len(r.pending)-1].seq > answer.Sequence:
		return errEarly
	case answer.Gone:
		n.forget(city)
		return nil
	}
	if known, base := r.known, r.hash; known && answer.Base != base {
		n.log.Error("the storage does not know the version that was in force here", "city", city, "had", base, "has", answer.Hash)
	}
	later, err := r.settle(city, answer)
	if err != nil {
		return err
	}
	doc, filter, err := n.schema.load(city, r.version)
	if err != nil {
		n.log.Error("a city is at rest", "city", city, "err", err)
	}
	n.show(city, r.version, doc, filter)
	for _, one := range later {
		n.step(r, one)
	}
	n.review(city, r)
	return nil
}

// rest leaves a city whose chain is broken as it is. If it was never known here, it is there, at rest, so that its reports are not taken for
// those of a city that is gone. The caller holds fold.
func (n *Node) rest(city string, r *replica, why string) {
	r.broken = true
	n.log.Error("a city's settings cannot be loaded; what is in force stays so", "city", city, "err", why)
	if r.known {
		return
	}
	doc, filter, _ := n.schema.load(city, r.version) // the root, which cannot be used
	n.show(city, r.version, doc, filter)
}

// search asks whether an update is part of its city's chain: if it is, an answer can begin there.
func (n *Node) search(city string, link chain.Hash) {
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	answer, err := n.question(ctx, city, link)
	if err != nil {
		return // Submit says that it does not know
	}
	if answer.Base != link {
		err = ErrConflict
	}
	n.fold.Lock()
	defer n.fold.Unlock()
	n.tell(link, err)
}

func (n *Node) question(ctx context.Context, city string, have chain.Hash) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var answer Answer
	err := n.bus.Ask(ctx, requestSubject, Request{City: city, Have: have}, &answer)
	if err == nil && answer.Error != "" && !answer.Broken {
		err = errors.New(answer.Error)
	}
	return answer, err
}

// list compares all cities with those of the storage. What differs becomes stale, and is asked for.
func (n *Node) list(ctx context.Context) error {
	heads := map[string]chain.Hash{}
	after, seq, stream := "", uint64(0), ""
	for more := true; more; {
		var page List
		call, cancel := context.WithTimeout(ctx, askTime)
		err := n.bus.Ask(call, requestSubject, Request{After: after}, &page)
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
	n.fold.Lock()
	defer n.fold.Unlock()
	if stream != n.stream || n.next == 0 {
		return errEarly
	}
	for city, hash := range heads {
		r, ok := n.replicas[city]
		if !ok {
			r = &replica{version: rootOf(city)}
			n.replicas[city] = r
		}
		if r.broken || !r.stale && (!ok || r.hash != hash && seq >= n.next-1) {
			r.outdate(n.next - 1)
		}
	}
	for _, city := range slices.Collect(maps.Keys(n.replicas)) {
		if r := n.replicas[city]; heads[city] == "" && !r.stale {
			r.outdate(n.next - 1)
		}
	}
	n.wake()
	return nil
}

// lookAround compares now and then.
func (n *Node) lookAround(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := n.list(ctx); err != nil && ctx.Err() == nil {
			n.log.Debug("cannot compare settings with the storage", "err", err)
		}
	}
}
