package mail

import (
	"context"
	"time"
)

// times say how long the parts of one delivery may take.
type times struct {
	attempt time.Duration // from connecting to the end of the message
	late    time.Duration // the server's answer to it, until we prepare to wait long; twice this and attempt stay below leaseTime
	answer  time.Duration // the answer in the end
}

// usualTimes wait for the answer as RFC 5321, section 4.5.3.2.6 says: a server that reads the message before it takes it may need
// minutes, and gets it twice if we do not wait. Other mails wait no longer than before, since other connections take them.
var usualTimes = times{attempt: time.Minute, late: 15 * time.Second, answer: answerTime}

const answerTime = 10 * time.Minute

// patient returns a context for the delivery of a mail, and a function to call when the whole message is with the server. The lease is
// renewed if the answer takes long.
func (m *Mailer) patient(sending, writing context.Context, row Message) (ctx context.Context, whole, done func()) {
	ctx, cancel := context.WithCancel(sending)
	end := time.AfterFunc(m.times.attempt, cancel)
	late := time.AfterFunc(time.Hour, func() {
		if err := m.queue.keep(writing, row, m.times.answer+m.times.attempt); err != nil {
			m.failed(err)
			return
		}
		end.Reset(m.times.answer)
	})
	late.Stop()
	whole = func() {
		end.Reset(2 * m.times.late)
		late.Reset(m.times.late)
	}
	return ctx, whole, func() { late.Stop(); end.Stop(); cancel() }
}
