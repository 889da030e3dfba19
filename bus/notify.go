package bus

import (
	"fmt"

	"github.com/nats-io/nats.go"
)

// Notify publishes data to all subscribers of the subject, on every node, this one included. Delivery is not guaranteed.
func (b *Bus) Notify(subject string, data []byte) error {
	return b.conn.Publish(b.subject(subject), data)
}

// Subscribe calls f for each notification on the subject, which may end in wildcards, until stop is called. Calls do not
// overlap. f gets the subject without the prefix, as Notify was given it.
func (b *Bus) Subscribe(subject string, f func(subject string, data []byte)) (stop func(), err error) {
	skip := len(b.subject("x")) - 1
	sub, err := b.conn.Subscribe(b.subject(subject), func(m *nats.Msg) { f(m.Subject[skip:], m.Data) })
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	if err := b.conn.Flush(); err != nil {
		sub.Unsubscribe()
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	return func() { sub.Unsubscribe() }, nil
}
