package bus

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// Hint publishes data to all nodes that listen on the subject, this one included. It may get lost.
func (b *Bus) Notify(subject string, data []byte) error {
	return b.conn.Publish(b.subject(subject), data)
}

// OnHint calls f, one call at a time, for each hint on the subject, which may end in wildcards, until stop is called. f gets the
// subject as it was given to Hint.
func (b *Bus) Subscribe(subject string, f func(subject string, data []byte)) (stop func(), err error) {
	skip := len(b.subject("x")) - 1
	sub, err := b.conn.Subscribe(b.subject(subject), func(m *nats.Msg) { f(m.Subject[skip:], m.Data) })
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", subject, err)
	}
	if err := b.conn.Flush(); err != nil {
		sub.Unsubscribe()
		return nil, fmt.Errorf("listen on %s: %w", subject, err)
	}
	return func() { sub.Unsubscribe() }, nil
}
