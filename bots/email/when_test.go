package email

import (
	"strings"
	"testing"
	"time"
)

func TestTheTimeOfAReportIsWhenTheRiderWroteIt(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const (
		dated    = "Date: Sat, 21 Nov 2026 10:00:00 +0100\n" // 9:00
		future   = "Date: Sat, 21 Nov 2026 12:00:01 +0000\n"
		old      = "Date: Thu, 19 Nov 2026 11:00:00 +0000\n"
		last     = "Received: from b by c (x; y); Sat, 21 Nov 2026 11:58:00 +0000\n"
		first    = "Received: from a by b\n\twith ESMTPS id 1;\n\tSat, 21 Nov 2026 10:30:00 +0100 (CET)\n" // 9:30
		firstOld = "Received: from a by b; Thu, 19 Nov 2026 11:00:00 +0000\n"
		hour     = time.Hour
	)
	for name, c := range map[string]struct {
		header string
		want   time.Duration // ago
	}{
		"nothing is said":                          {"", 0},
		"the date":                                 {dated, 3 * hour},
		"the oldest Received":                      {last + first, 150 * time.Minute},
		"the date is older: a draft":               {last + first + dated, 150 * time.Minute},
		"the date is newer":                        {last + first + strings.Replace(dated, "10:00", "10:45", 1), 135 * time.Minute},
		"a date in the future":                     {future, 0},
		"a date in the future, but a Received":     {last + first + future, 150 * time.Minute},
		"a date before two days":                   {old, 0},
		"a date before two days, but a Received":   {last + first + old, 150 * time.Minute},
		"a Received before two days, but a date":   {last + firstOld + dated, 3 * hour},
		"both before two days":                     {last + firstOld + old, 0},
		"a Received without a time is passed over": {last + "Received: from a by b\n", 2 * time.Minute},
		"no date": {"Date: today\n", 0},
		"a zone that Go does not know is not read UTC": {"Date: Sat, 21 Nov 2026 05:00:00 EST\n", 0},
		"a zone in its old form":                       {"Date: 21 Nov 26 09:00 GMT\n", 3 * hour},
	} {
		m, err := read(strings.NewReader(c.header + "From: marta@rider.example\n\nkontrolle\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := now.Sub(m.written(now)); got != c.want {
			t.Errorf("%s: %s ago, want %s", name, got, c.want)
		}
	}
}
