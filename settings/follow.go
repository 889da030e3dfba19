package settings

import (
	"context"
	"sync"
	"time"

	"linienfunk/bus"
	"linienfunk/settings/chain"
)

// Run keeps the Node up to date until ctx ends.
func (n *Node) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { n.inquire(ctx) })
	parts.Go(func() { n.lookAround(ctx) })
	for ctx.Err() == nil {
		if err := n.follow(ctx); ctx.Err() == nil {
			n.log.Error("cannot follow settings; will try again", "err", err, "pause", askPause)
			wait(ctx, askPause)
		}
	}
	parts.Wait()
	return ctx.Err()
}

// follow reads the stream from its first message on. Those that the storage has written already do no harm: an answer says
// which they are.
func (n *Node) follow(ctx context.Context) error {
	state, err := n.bus.UpdatesState(ctx)
	if err != nil {
		return err
	}
	n.fold.Lock()
	for _, r := range n.replicas {
		if n.stream != state.Stream || n.next > state.Last+1 { // sequences of the past mean nothing any more
			r.floor, r.covered = 0, 0
		}
		r.outdate(state.First - 1)
	}
	n.stream, n.next = state.Stream, state.First
	n.fold.Unlock()
	n.wake()
	return n.bus.FollowUpdates(ctx, state.Stream, state.First, func(u bus.Update) error { n.take(u); return nil })
}

// take is called for each update, in the order of the stream.
func (n *Node) take(u bus.Update) {
	n.fold.Lock()
	defer n.fold.Unlock()
	if u.Seq > n.next { // some were trimmed while we were cut off
		for _, r := range n.replicas {
			r.outdate(u.Seq - 1)
		}
		n.wake()
	}
	n.next = u.Seq + 1
	link, hash, err := readLink(u.Base, u.Data)
	if err != nil {
		return // the storage tells its sender
	}
	r, ok := n.replicas[link.City]
	if !ok {
		r = &replica{version: rootOf(link.City)}
		r.outdate(u.Seq)
		n.replicas[link.City] = r
	}
	if w := n.waiting[hash]; w != nil {
		w.seq = u.Seq
	}
	switch one := (update{u.Seq, link, hash}); {
	case r.stale:
		r.hold(one)
		n.wake()
	case u.Seq <= r.covered:
		n.review(link.City, r)
	default:
		n.step(r, one)
	}
}

// step judges one update. The caller holds fold.
func (n *Node) step(r *replica, u update) {
	next, doc, filter, err := n.schema.follow(r.version, u.link, u.hash)
	switch {
	case err == nil:
		r.version = next
		n.show(u.link.City, next, doc, filter)
	case u.hash == r.hash:
		err = nil // it came twice
	}
	n.tell(u.hash, err)
}

// tell wakes who waits for an update. The caller holds fold.
func (n *Node) tell(link chain.Hash, err error) {
	if w, ok := n.waiting[link]; ok {
		w.told <- err
		delete(n.waiting, link)
	}
}

// review finds out what became of updates that somebody waits for here, and that an answer of the storage covers. The caller holds fold.
func (n *Node) review(city string, r *replica) {
	for hash, w := range n.waiting {
		switch {
		case w.city != city || w.seq == 0 || w.seq > r.covered:
		case hash == r.hash:
			n.tell(hash, nil)
		case !w.searched:
			w.searched = true
			go n.search(city, hash) // ends after askTime
		}
	}
}

func (n *Node) wake() {
	select {
	case n.ask <- struct{}{}:
	default:
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
