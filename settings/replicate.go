package settings

import (
	"context"
	"sync"

	"linienfunk/bus"
	"linienfunk/internal/wait"
	"linienfunk/settings/chain"
)

// Run replicates all cities until ctx ends.
func (n *Node) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { n.loadStale(ctx) })
	parts.Go(func() { n.compareRegularly(ctx) })
	parts.Go(func() { n.verifyLoaded(ctx) })
	for ctx.Err() == nil {
		if err := n.followStream(ctx); ctx.Err() == nil {
			n.log.Error("cannot follow settings; will retry", "err", err, "delay", maxBackoff)
			wait.For(ctx, maxBackoff)
		}
	}
	parts.Wait()
	return ctx.Err()
}

// followStream reads the stream from its first message. Updates that the storage has written before do no harm: its
// response says which are included.
func (n *Node) followStream(ctx context.Context) error {
	state, err := n.bus.UpdatesState(ctx)
	if err != nil {
		return err
	}
	n.replicaMu.Lock()
	for _, r := range n.replicas {
		if n.stream != state.Stream || n.nextSeq > state.Last+1 { // a new stream: old sequence numbers are meaningless
			r.minSeq, r.coveredSeq = 0, 0
		}
		r.markStale(state.First - 1)
	}
	n.stream, n.nextSeq = state.Stream, state.First
	n.replicaMu.Unlock()
	n.wake()
	return n.bus.FollowUpdates(ctx, state.Stream, state.First, func(u bus.Update) error { n.handleUpdate(u); return nil })
}

// handleUpdate is called for each update, in stream order.
func (n *Node) handleUpdate(u bus.Update) {
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	if u.Seq > n.nextSeq { // updates were trimmed while the node was disconnected
		for _, r := range n.replicas {
			r.markStale(u.Seq - 1)
		}
		n.wake()
	}
	n.nextSeq = u.Seq + 1
	link, hash, err := readLink(u.Base, u.Data)
	if err != nil {
		return // the storage responds to the sender
	}
	r, ok := n.replicas[link.City]
	if !ok {
		r = &replica{version: rootOf(link.City)}
		r.markStale(u.Seq)
		n.replicas[link.City] = r
	}
	if w := n.waiters[hash]; w != nil {
		w.seq = u.Seq
	}
	switch one := (update{u.Seq, link, hash}); {
	case r.stale:
		r.buffer(one)
		n.wake()
	case u.Seq <= r.coveredSeq:
		n.resolveWaiters(link.City, r)
	default:
		n.applyUpdate(r, one)
	}
}

// applyUpdate applies one update to a replica, or refuses it. The caller holds replicaMu.
func (n *Node) applyUpdate(r *replica, u update) {
	next, doc, filter, err := n.schema.apply(r.version, u.link, u.hash)
	switch {
	case err == nil:
		r.version = next
		n.publish(u.link.City, next, doc, filter)
	case u.hash == r.hash:
		err = nil // a duplicate
	}
	n.notify(u.hash, err)
}

// notify sends the outcome of an update to its waiter, if there is one. The caller holds replicaMu.
func (n *Node) notify(link chain.Hash, err error) {
	if w, ok := n.waiters[link]; ok {
		w.result <- err
		delete(n.waiters, link)
	}
}

// resolveWaiters finds the outcome of updates with a waiter that a response of the storage includes. The caller holds replicaMu.
func (n *Node) resolveWaiters(city string, r *replica) {
	for hash, w := range n.waiters {
		switch {
		case w.city != city || w.seq == 0 || w.seq > r.coveredSeq:
		case hash == r.hash:
			n.notify(hash, nil)
		case !w.queried:
			w.queried = true
			go n.queryLink(city, hash) // returns after requestTimeout at the latest
		}
	}
}

func (n *Node) wake() {
	select {
	case n.wakeup <- struct{}{}:
	default:
	}
}
