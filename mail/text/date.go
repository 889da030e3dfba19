package text

import (
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

const (
	// skew is how far a server's clock may be ahead of ours to be believed.
	skew = 5 * time.Minute

	// wrongClock is how far a Date must be before the oldest Received to come from a clock that was never set: no phone keeps a
	// mail for so long.
	wrongClock = 180 * 24 * time.Hour
)

// Written is when the author wrote the message, at most now.
//
// Phones keep mails until they have a network again, and servers for five days and longer (RFC 5321, section 4.5.4.1). A warning that
// waited must not be relayed as a new one: in doubt a mail is old. It is as old as the oldest Received, since servers have right clocks; a
// Received in the future is ignored. It is older if Date says so. A Date after the oldest Received comes from a phone that is fast, one long
// before it from a phone whose clock was never set: neither counts. Without a Received that can be believed, only Date tells the age.
func (m *Message) Written(now time.Time) time.Time {
	at, known := m.received(now)
	date := date(m.header.Get("Date"))
	if date.IsZero() || date.After(at) || known && at.Sub(date) > wrongClock {
		return at
	}
	return date
}

// received is the oldest time of a Received, and false if none can be believed. The time is behind the last semicolon (RFC 5321, section 4.4).
func (m *Message) received(now time.Time) (at time.Time, known bool) {
	at = now
	for _, value := range m.Values("Received") {
		t := date(value[strings.LastIndexByte(value, ';')+1:])
		if t.IsZero() || t.After(now.Add(skew)) {
			continue
		}
		known = true
		if t.Before(at) {
			at = t
		}
	}
	return at, known
}

// zone ends the dates whose time zone is clear: Go reads a name that it does not know, such as EST, as UTC.
var zone = regexp.MustCompile(`([+-]\d{4}|GMT|UTC?)\s*(\(.*\)\s*)?$`)

// date reads a date of RFC 5322, section 3.3, and returns the zero time for anything else. A year before 1970 becomes 1970: not every
// database, nor JSON, can hold every year that a header can have.
func date(value string) time.Time {
	t, err := netmail.ParseDate(strings.TrimSpace(value))
	if err != nil || !zone.MatchString(value) {
		return time.Time{}
	}
	if t.Unix() < 0 {
		t = time.Unix(0, 0)
	}
	return t.UTC()
}
