package inbound

import (
	"sync"
	"time"
)

// A mail that the server does not hand out, or at which the program panics, must not hold up all that come after it. It is given up after
// maxAttempts over attemptTime, while what comes behind it is still fresh.
const (
	maxAttempts   = 3
	attemptTime   = 10 * time.Minute
	attemptMemory = 24 * time.Hour
)

// attempts are the mails that could not be read. They are forgotten with the process, and then tried again.
type attempts struct {
	mu    sync.Mutex
	mails map[mailName]attempt
}

// mailName identifies a mail (RFC 9051, section 2.3.1.1).
type mailName struct {
	host, login   string
	folder        string
	validity, uid int64
}

type attempt struct {
	count int
	since time.Time
}

// begin counts an attempt and says whether to make it.
func (a *attempts) begin(mail mailName, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.mails == nil {
		a.mails = map[mailName]attempt{}
	}
	one, known := a.mails[mail]
	if !known {
		a.forgetOld(now)
		one.since = now
	}
	one.count++
	a.mails[mail] = one
	return one.count <= maxAttempts || now.Sub(one.since) < attemptTime
}

// succeed forgets a mail that could be read.
func (a *attempts) succeed(mail mailName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.mails, mail)
}

func (a *attempts) forgetOld(now time.Time) {
	for mail, one := range a.mails {
		if now.Sub(one.since) > attemptMemory {
			delete(a.mails, mail)
		}
	}
}
