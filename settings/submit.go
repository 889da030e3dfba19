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

// Draft is a change to submit.
type Draft struct {
	City  string
	Base  chain.Hash // the version on which the change is based
	From  []byte     // the document of Base
	To    []byte     // the new document
	Admin uint       // author; 0 for the program
	Note  string     // reason; one line, truncated to MaxNote characters
}

// MaxNote is the limit of a Draft's note in characters.
const MaxNote = 120

// CleanNote converts text to one line of at most MaxNote characters, as it is in the history.
func CleanNote(text string) string {
	return report.Cut(strings.Join(strings.Fields(report.Clean(text)), " "), MaxNote)
}

// ErrPending is returned by Submit when the change is stored in the stream, but its outcome is not known yet.
var ErrPending = errors.New("the change is stored, but not in force yet")

// submitTimeout is how long Submit waits for the outcome.
const submitTimeout = 10 * time.Second

// Submit publishes a change and returns once it is stored in the stream and in force on this node. ErrConflict is returned with the
// current Snapshot, Errors name the wrong fields, chain.ErrNothing means that To equals From; none of these changed
// anything. After ErrPending and errors of NATS the change may still come into force.
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

// publishAndWait publishes a link and waits until this node has applied or refused it.
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
	ctx, cancel := context.WithTimeout(ctx, n.submitTimeout)
	defer cancel()
	select {
	case err := <-told:
		return err
	case <-ctx.Done():
		return ErrPending
	}
}

// newLink makes the link and checks it, so that nothing invalid is published.
func (n *Node) newLink(d Draft) (chain.Link, error) {
	link, err := chain.NewLink(d.City, d.Base, d.From, d.To)
	if err != nil {
		return link, err
	}
	link.Author, link.Time, link.Note = author(d.Admin), n.now().UTC().Truncate(time.Microsecond), CleanNote(d.Note)
	_, _, _, err = n.schema.apply(version{d.From, d.Base}, link, "")
	return link, err
}

// AnnounceCity announces a new city, whose first link the Storage has written, to all nodes. It returns once this node knows the city.
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
		return nil // this node knows the city already
	}
	return err
}
