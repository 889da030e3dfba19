package mail

import (
	"context"
	"time"
)

// timeouts limit the parts of one delivery, and how long connections and leases are kept.
type timeouts struct {
	attempt time.Duration // from connecting to the end of the message
	reply   time.Duration // for the server's reply to the message
	idle    time.Duration // of a worker and its connection without messages
	renew   time.Duration // between two renewals of leases
}

// defaultTimeouts wait for the reply as RFC 5321, section 4.5.3.2.6 demands: a server that scans the message first may need minutes,
// and gets the message twice if the client does not wait.
var defaultTimeouts = timeouts{attempt: time.Minute, reply: 10 * time.Minute, idle: 10 * time.Second, renew: leaseTime / 4}

// context returns a context for one delivery. messageSent extends it by the time for the reply; call cancel at the end.
func (t timeouts) context(parent context.Context) (ctx context.Context, messageSent, cancel func()) {
	ctx, stop := context.WithCancel(parent)
	timer := time.AfterFunc(t.attempt, stop)
	return ctx, func() { timer.Reset(t.reply) }, func() { timer.Stop(); stop() }
}
