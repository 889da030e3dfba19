package email

import (
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

// maxDelay is how long a mail may have been on its way for us to believe what its header says.
const maxDelay = 48 * time.Hour

// written is when the rider wrote the message: senders' servers keep a mail for days when they do not reach us, and it
// must not be a new warning then. Date is set by the rider's program, perhaps when the draft was begun; Received by
// the first server that took it. The newer one counts, of those that are plausible; a clock may be wrong.
func (m *message) written(now time.Time) time.Time {
	at := time.Time{}
	for _, t := range []time.Time{date(m.header.Get("Date")), m.firstReceived()} {
		if !t.After(now) && now.Sub(t) <= maxDelay && t.After(at) {
			at = t
		}
	}
	if at.IsZero() {
		return now
	}
	return at
}

// firstReceived is the time in the oldest Received that has one. Each server puts its own above the others (RFC 5321,
// section 4.4), with the time behind the last semicolon.
func (m *message) firstReceived() time.Time {
	var first time.Time
	for fields := m.header.FieldsByKey("Received"); fields.Next(); {
		value := fields.Value()
		if t := date(value[strings.LastIndexByte(value, ';')+1:]); !t.IsZero() {
			first = t
		}
	}
	return first
}

// zone ends the dates whose meaning is clear: Go reads a name that it does not know, such as EST, as UTC.
var zone = regexp.MustCompile(`([+-]\d{4}|GMT|UTC?)\s*(\(.*\)\s*)?$`)

// date reads a date of RFC 5322, section 3.3, and returns the zero time for what is none.
func date(value string) time.Time {
	t, err := netmail.ParseDate(strings.TrimSpace(value))
	if err != nil || !zone.MatchString(value) {
		return time.Time{}
	}
	return t.UTC()
}
