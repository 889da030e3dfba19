package mail_test

import (
	"testing"
	"time"

	"linienfunk/mail"
)

func TestARecipientIsDeadAfterAHardBounceOrSoftOnesForDays(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		name string
		b    mail.Bounce
		dead bool
	}{
		{"a hard bounce", mail.Bounce{Hard: true}, true},
		{"one soft bounce", mail.Bounce{Soft: 1, First: first, Last: first}, false},
		{"many soft bounces in two days", mail.Bounce{Soft: 50, First: first, Last: first.Add(2 * day)}, false},
		{"two soft bounces in a week", mail.Bounce{Soft: 2, First: first, Last: first.Add(7 * day)}, false},
		{"three soft bounces in three days", mail.Bounce{Soft: 3, First: first, Last: first.Add(3 * day)}, true},
	} {
		if c.b.Dead() != c.dead {
			t.Errorf("%s: Dead() is %v", c.name, !c.dead)
		}
	}
}
