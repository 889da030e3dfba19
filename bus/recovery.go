package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
)

// After a failed write, e.g. on a full disk, nats-server neither answers that publish nor stores any later message of the stream, also when
// there is space again. So the first
// error makes the Bus refuse everything, until Run has restarted the embedded server on a disk that can be written.

// recoveryInterval is how often Run looks whether the disk can be written again.
const recoveryInterval = 2 * time.Second

// storeState knows whether messages can be stored.
type storeState struct {
	mu      sync.Mutex
	working context.Context // ends when they cannot be stored any more
	stop    context.CancelFunc
	reason  error // nil while working has not ended
}

func newStoreState() *storeState {
	s := &storeState{}
	s.working, s.stop = context.WithCancel(context.Background())
	return s
}

func (s *storeState) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.working
}

func (s *storeState) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// fails notes why messages cannot be stored.
func (s *storeState) fails(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reason = fmt.Errorf("NATS cannot store: %w", reason)
	s.stop()
}

// works notes that messages can be stored.
func (s *storeState) works() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != nil {
		s.working, s.stop = context.WithCancel(context.Background())
		s.reason = nil
	}
}

// storing calls publish unless it cannot succeed, and notes its outcome.
func (b *Bus) storing(ctx context.Context, publish func(ctx context.Context) error) error {
	if err := b.store.err(); err != nil && b.embedded != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, b.config.Timeout)
	defer cancel()
	if b.embedded != nil {
		defer context.AfterFunc(b.store.context(), cancel)() // there will be no answer
	}
	err := publish(limited)
	switch {
	case b.embedded != nil && err == nil: // another stream may have failed meanwhile; recover alone says that all work
	case b.embedded != nil:
		b.checkStore()
		err = cmp.Or(b.store.err(), err)
	case err == nil:
		b.store.works()
	case ctx.Err() == nil && b.conn.IsConnected() && !refusesMessage(err):
		b.store.fails(err)
	}
	return err
}

// refusesMessage reports whether the server would store another message than the one that it refused with err.
func refusesMessage(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && refused.Code < 500
}

// checkStore asks the embedded server whether a stream has stopped storing. It returns false if the server does not say.
func (b *Bus) checkStore() bool {
	known, err := b.embedded.health()
	if err != nil {
		b.store.fails(err)
	}
	return known
}

// keepStoring restarts the embedded server whenever it does not store any more, until ctx ends. An external server is somebody else's to
// restart.
func (b *Bus) keepStoring(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.embedded.failed:
			for !b.checkStore() && ctx.Err() == nil {
				wait.For(ctx, 100*time.Millisecond)
			}
		case <-b.store.context().Done():
			b.recover(ctx)
		}
	}
}

// recover returns once the embedded server stores again, or when ctx ends.
func (b *Bus) recover(ctx context.Context) {
	b.config.Log.Error("reports cannot be stored and are refused until they can be", "err", b.store.err())
	for {
		err := b.embedded.probe()
		if err == nil {
			err = b.restart(ctx)
		}
		if err == nil {
			b.store.works()
			b.config.Log.Info("reports can be stored again")
			return
		}
		b.store.fails(err)
		if wait.For(ctx, recoveryInterval); ctx.Err() != nil {
			return
		}
		b.config.Log.Warn("reports still cannot be stored; will retry", "err", err, "delay", recoveryInterval)
	}
}

// restart restarts the embedded server.
func (b *Bus) restart(ctx context.Context) error {
	before := b.conn.Stats().Reconnects
	b.embedded.stop()
	if err := b.embedded.start(); err != nil {
		return err
	}
	if err := b.conn.ForceReconnect(); err != nil { // a server that is stuck has not disconnected the client
		return err
	}
	for (b.conn.Stats().Reconnects == before || !b.conn.IsConnected()) && ctx.Err() == nil {
		wait.For(ctx, 50*time.Millisecond)
	}
	if err := b.createStreams(ctx); err != nil {
		return err
	}
	return cmp.Or(b.publishCheck(ctx, b.subject("report.in", "_", "_"), noReports), b.publishCheck(ctx, b.subject("settings.update", "_"), nil))
}

// noReports is a message of REPORTS without a report.
var noReports = []byte("[]")

// publishCheck stores a message that means nothing. A file may refuse to be written while others beside it do not.
func (b *Bus) publishCheck(ctx context.Context, subject string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, b.config.Timeout)
	defer cancel()
	stored := make(chan error, 1)
	go func() {
		_, err := b.js.Publish(ctx, subject, data)
		stored <- err
	}()
	for {
		select {
		case err := <-stored:
			return err
		case <-b.embedded.failed: // then there may be no answer
			if _, err := b.embedded.health(); err != nil {
				return err
			}
		}
	}
}
