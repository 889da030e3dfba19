package settings

import (
	"context"
	"errors"
	"time"

	"linienfunk/internal/wait"
)

// A node that starts, or that has missed messages, loads many cities. It requests them in pages, without a verification of their chains, which reads
// every link of every city: the last link authenticates the document. The chains are verified afterwards, and a city whose
// chain is broken then becomes inactive, as it would have been without pages.

// verifyPause is the pause between two pages whose chains are verified: reports come first.
const verifyPause = 200 * time.Millisecond

// loadPages loads stale cities. Those that it leaves are loaded one by one.
func (n *Node) loadPages(ctx context.Context) {
	pages := make(chan CityList, 1) // the storage prepares a page while the one before is accepted
	go func() {
		defer close(pages)
		n.requestPages(ctx, pages)
	}()
	for page := range pages {
		for _, state := range page.States {
			n.acceptPaged(state)
		}
	}
	select {
	case n.unverified <- struct{}{}:
	default:
	}
}

// requestPages requests all pages, or those before an error.
func (n *Node) requestPages(ctx context.Context, pages chan<- CityList) {
	r := Request{Load: true}
	for more := true; more; {
		page, err := n.requestList(ctx, r)
		if err != nil {
			if ctx.Err() == nil {
				n.log.Debug("cannot load settings in pages", "err", err)
			}
			return
		}
		pages <- page
		if more = page.More && len(page.States) > 0; more {
			r.After = page.States[len(page.States)-1].City
		}
	}
}

// acceptPaged accepts a state of a page. It leaves a replica with another version: whether the storage knows that, only a request
// for the city shows.
func (n *Node) acceptPaged(state CityState) {
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	r, ok := n.replicas[state.City]
	if !ok || r.known && r.hash != state.Hash {
		return
	}
	if err := n.accept(state.City, state); err != nil && !errors.Is(err, errBehind) {
		n.log.Error("cannot load settings; will retry", "city", state.City, "err", err)
	}
}

// verifyLoaded has the chains verified after cities were loaded in pages.
func (n *Node) verifyLoaded(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.unverified:
		}
		for n.Loaded(ctx) == nil {
			err := n.verifyPages(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			n.log.Debug("cannot verify settings; will retry", "err", err)
			wait.For(ctx, maxBackoff)
		}
	}
}

func (n *Node) verifyPages(ctx context.Context) error {
	r := Request{Verify: true}
	for more := true; more; {
		page, err := n.requestList(ctx, r)
		switch {
		case err != nil:
			return err
		case !page.Verified:
			return errors.New("the storage is of an older version")
		}
		for _, head := range page.Cities {
			n.acceptVerified(head)
			r.After = head.City
		}
		if more = page.More && len(page.Cities) > 0; more {
			wait.For(ctx, verifyPause)
		}
	}
	return nil
}

// acceptVerified records that a city's chain was verified, or that it is broken.
func (n *Node) acceptVerified(head Head) {
	n.replicaMu.Lock()
	defer n.replicaMu.Unlock()
	switch r := n.replicas[head.City]; {
	case r == nil, r.stale, r.verified: // it is being loaded, one by one or broken; or it was verified before
	case head.Error != "":
		n.markBroken(head.City, r, head.Error)
	default:
		r.verified = true
	}
}
