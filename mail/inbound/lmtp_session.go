package inbound

import (
	"io"

	"github.com/emersion/go-smtp"
)

// lmtpSession answers for each recipient by itself (RFC 2033, section 4.2), so that the client repeats the message only for those that failed.
type lmtpSession struct{ *session }

// LMTPData is Data with an answer for each recipient, in their order.
func (s lmtpSession) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return s.receive(r, func(e envelope, m *Mail) error {
		replies := map[Recipient]error{}
		for _, to := range e.distinct() {
			replies[to] = s.deliver(to, m)
		}
		for _, one := range e.recipients {
			status.SetStatus(one.address, replies[one.Recipient])
		}
		return nil
	})
}
