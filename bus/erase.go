package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// eraser overwrites acknowledged messages while an older one was put back: nats-server deletes the file of a block of messages when all of
// them are acknowledged, and until then their bytes stay. Normally no report waits, and a block is gone within seconds.
type eraser struct {
	stream jetstream.Stream

	mu         sync.Mutex
	requeuedAt map[uint64]time.Time // by sequence number
}

// requeued notes that a message waits.
func (e *eraser) requeued(seq uint64) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requeuedAt[seq] = time.Now()
}

// acknowledged overwrites the message if another one waits. It comes before the acknowledgement, which leaves nothing to overwrite.
func (e *eraser) acknowledged(ctx context.Context, seq uint64) error {
	if e == nil || !e.othersWait(seq) {
		return nil
	}
	err := e.stream.SecureDeleteMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) { // a repetition
		return nil
	}
	return err
}

func (e *eraser) othersWait(seq uint64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.requeuedAt, seq)
	for other, at := range e.requeuedAt {
		if time.Since(at) > messageAge { // another node has acknowledged it, or the stream has dropped it
			delete(e.requeuedAt, other)
		}
	}
	return len(e.requeuedAt) > 0
}
