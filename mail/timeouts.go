package mail

import (
	"context"
	"time"
)

// times say how long the parts of one delivery may take.
type times struct {
	attempt time.Duration // from connecting to the end of the message
	answer  time.Duration // the server's answer to it
	renew   time.Duration // between two renewals of the lease meanwhile
}

// usualTimes wait for the answer as RFC 5321, section 4.5.3.2.6 says: a server that reads the message before it takes it may need
// minutes, and gets it twice if we do not wait.
var usualTimes = times{attempt: time.Minute, answer: 10 * time.Minute, renew: leaseTime / 4}

// patient returns a context for the delivery of a mail, a function to call when the whole message is with the server, and one to call
// in the end.
func (t times) patient(ctx context.Context) (_ context.Context, whole, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	end := time.AfterFunc(t.attempt, cancel)
	return ctx, func() { end.Reset(t.answer) }, func() { end.Stop(); cancel() }
}
