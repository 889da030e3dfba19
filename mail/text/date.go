package text

import (
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

const (
	// skew is how far a server's clock may be ahead of ours for us to believe it.
	skew = 5 * time.Minute

	// wrongClock is what a phone's date must be before the time at which a server took the mail to be taken for a clock that
	// was never set. Mails do not lie in a phone for so long.
	wrongClock = 180 * 24 * time.Hour
)

// Written is when the rider wrote the message. Phones keep mails until they have a network again, and servers for five
// days and longer (RFC 5321, section 4.5.4.1): a warning that waited must not be relayed as a new one, so in doubt it is
// old. It is as old as the oldest Received says, for servers have right clocks; of one that is fast nothing can be
// learnt. It is older than that if Date says so. A Date after the Received is of a phone that is fast, one long before
// it of a phone whose clock was never set, and both do not count. Without a Received that can be believed nobody but
// Date says how old the mail is.
func (m *Message) Written(now time.Time) time.Time {
	at, known := m.received(now)
	date := date(m.header.Get("Date"))
	if date.IsZero() || date.After(at) || known && at.Sub(date) > wrongClock {
		return at
	}
	return date
}

// received is the oldest time at which a server took the message, and false if none says a time that can be believed. A
// Received has its time behind the last semicolon (RFC 5321, section 4.4).
func (m *Message) received(now time.Time) (at time.Time, known bool) {
	at = now
	for fields := m.header.FieldsByKey("Received"); fields.Next(); {
		value := fields.Value()
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

// zone ends the dates whose meaning is clear: Go reads a name that it does not know, such as EST, as UTC.
var zone = regexp.MustCompile(`([+-]\d{4}|GMT|UTC?)\s*(\(.*\)\s*)?$`)

// date reads a date of RFC 5322, section 3.3, and returns the zero time for what is none. A year before 1970 becomes 1970:
// not every database and not JSON can keep all that a header can say.
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
