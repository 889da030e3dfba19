package email

import (
	"sync"
	"time"
)

// A mail that its server does not hand out, or that makes the bot panic, must not keep a city from all that come after it. It is given
// up when it was tried so often for so long: what comes behind it is still fresh then.
const (
	stumbleTries  = 3
	stumbleTime   = 10 * time.Minute
	stumbleMemory = 24 * time.Hour
)

// stumbles are the mails that could not be read. They are forgotten with the process, and then tried anew.
type stumbles struct {
	mu   sync.Mutex
	ones map[uidOf]stumble
}

// uidOf names a mail (RFC 9051, section 2.3.1.1).
type uidOf struct {
	city          string
	validity, uid int64
}

type stumble struct {
	tries int
	since time.Time
}

// try says whether to try a mail once more.
func (s *stumbles) try(mail uidOf, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ones == nil {
		s.ones = map[uidOf]stumble{}
	}
	one, known := s.ones[mail]
	if !known {
		s.forget(now)
		one.since = now
	}
	one.tries++
	s.ones[mail] = one
	return one.tries <= stumbleTries || now.Sub(one.since) < stumbleTime
}

// read says that a mail could be read.
func (s *stumbles) read(mail uidOf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ones, mail)
}

func (s *stumbles) forget(now time.Time) {
	for mail, one := range s.ones {
		if now.Sub(one.since) > stumbleMemory {
			delete(s.ones, mail)
		}
	}
}
