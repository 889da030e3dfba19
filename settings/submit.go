package settings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"linienfunk/report"
	"linienfunk/settings/chain"
)

// Draft is a change that somebody wants to make.
type Draft struct {
	City  string
	Base  chain.Hash // the version that it was made against
	From  []byte     // the document of Base
	To    []byte     // what it shall become
	Admin uint       // who makes it; 0 for the program
	Note  string     // why; one line, cut to MaxNote characters
}

// MaxNote is how many characters of a Draft's note are kept.
const MaxNote = 120

// note makes text one line of at most MaxNote characters.
func note(text string) string {
	return report.Cut(strings.Join(strings.Fields(report.Clean(text)), " "), MaxNote)
}

// ErrUnknown says that a change was handed in safely, but that it is not known yet what became of it.
var ErrPending = errors.New("the change is stored, but not in force yet")

// submitTime is how long Submit waits until the change is in force here.
const submitTimeout = 10 * time.Second

// Submit hands in a change, and returns when it is safely stored and in force on this node. ErrConflict comes with the present
// Snapshot, Errors say which fields are wrong, chain.ErrNothing that there is nothing to change; after these nothing was
// changed. After ErrUnknown and errors of NATS the change may come into force later.
func (n *Node) Submit(ctx context.Context, d Draft) (Snapshot, error) {
	link, err := n.newLink(d)
	if err != nil {
		return Snapshot{}, err
	}
	hash, err := link.Hash()
	if err != nil {
		return Snapshot{}, err
	}
	err = n.publishAndWait(ctx, link, hash)
	snapshot, _, _ := n.Get(ctx, d.City)
	return snapshot, err
}

// handIn publishes a link and waits for what this node makes of it.
func (n *Node) publishAndWait(ctx context.Context, link chain.Link, hash chain.Hash) error {
	told := make(chan error, 1)
	n.replicaMu.Lock()
	n.waiters[hash] = &waiter{city: link.City, result: told}
	n.replicaMu.Unlock()
	defer func() {
		n.replicaMu.Lock()
		defer n.replicaMu.Unlock()
		delete(n.waiters, hash)
	}()
	data, err := encode(link)
	if err != nil {
		return err
	}
	if _, err = n.bus.PublishUpdate(ctx, string(link.Base), string(hash), data); err != nil {
		return fmt.Errorf("submit settings: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	select {
	case err := <-told:
		return err
	case <-ctx.Done():
		return ErrPending
	}
}

// draft makes the link, and checks it here, so that nothing is handed in that is sure to be refused.
func (n *Node) newLink(d Draft) (chain.Link, error) {
	link, err := chain.NewLink(d.City, d.Base, d.From, d.To)
	if err != nil {
		return link, err
	}
	link.Author, link.Time, link.Note = author(d.Admin), n.now().UTC().Truncate(time.Microsecond), note(d.Note)
	_, _, _, err = n.schema.apply(version{d.From, d.Base}, link, "")
	return link, err
}

// Created makes a new city known to all nodes: the Storage wrote its first link. It returns when this one knows it.
func (n *Node) AnnounceCity(ctx context.Context, first chain.Link) error {
	if _, known, _ := n.Get(ctx, first.City); known {
		return nil
	}
	hash, err := first.Hash()
	if err != nil {
		return err
	}
	err = n.publishAndWait(context.WithoutCancel(ctx), first, hash)
	if errors.Is(err, ErrConflict) {
		return nil // the node has heard of it already
	}
	return err
}
