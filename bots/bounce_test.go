package bots_test

import (
	"testing"
	"time"

	"linienfunk/bots"
)

func TestAMailboxIsDeadAfterAHardBounceOrSoftOnesForDays(t *testing.T) {
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		name string
		b    bots.Bounce
		dead bool
	}{
		{"a hard bounce", bots.Bounce{Hard: true}, true},
		{"one soft bounce", bots.Bounce{Soft: 1, First: first, Last: first}, false},
		{"many soft bounces in two days", bots.Bounce{Soft: 50, First: first, Last: first.Add(2 * day)}, false},
		{"two soft bounces in a week", bots.Bounce{Soft: 2, First: first, Last: first.Add(7 * day)}, false},
		{"three soft bounces in three days", bots.Bounce{Soft: 3, First: first, Last: first.Add(3 * day)}, true},
	} {
		if c.b.Dead() != c.dead {
			t.Errorf("%s: dead is %v", c.name, !c.dead)
		}
	}
}
