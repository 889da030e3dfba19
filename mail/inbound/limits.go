package inbound

import (
	"time"

	"linienfunk/internal/limits"
)

// Limits of the servers.
const (
	maxMessage    = 10 << 20 // bytes, announced by SIZE
	maxLine       = 64 << 10 // bytes of a command and of a line in a message: RFC 5321 wants 1,000, some clients send whole paragraphs
	maxRecipients = 50
	maxMistakes   = 50              // refused recipients in one connection
	readTimeout   = 5 * time.Minute // for the next command, or for one whole message
	writeTimeout  = time.Minute
	storeTimeout  = 30 * time.Second // for a call of the handler
	drainTimeout  = 4 * time.Second  // for mails that are being stored when the server ends
)

// Limits are the rate limits of mails.
type Limits struct {
	authors  *limits.Limiter // of one author to one recipient
	networks *limits.Limiter // of one network to all recipients: a provider has many customers
}

// NewLimits makes limits with the clock now: ten mails of an author at once, then four a minute; 60 of a network at once, then 30 a minute.
func NewLimits(now func() time.Time) *Limits {
	return &Limits{
		authors:  limits.New(now, limits.Rate{Burst: 10, Every: time.Minute / 4, Overflow: overflowPerMinute}),
		networks: limits.New(now, limits.Rate{Burst: 60, Every: time.Minute / 30, Overflow: overflowPerMinute}),
	}
}

// overflowPerMinute is the limit of all together that found no room in a limiter's table.
const overflowPerMinute = 60
