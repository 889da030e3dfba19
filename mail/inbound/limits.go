package inbound

import (
	"time"

	"linienfunk/internal/limits"
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
