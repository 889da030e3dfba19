package text

import (
	"strings"
	"testing"
	"time"
)

func TestTheTimeOfAReportIsWhenItsAuthorWroteIt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const (
		dated    = "Date: Sat, 21 Nov 2026 10:00:00 +0100\n" // 9:00
		future   = "Date: Sat, 21 Nov 2026 13:00:00 +0000\n"
		sixDays  = "Date: Sun, 15 Nov 2026 12:00:00 +0000\n"
		years    = "Date: Tue, 01 Jan 2019 00:00:00 +0000\n"
		last     = "Received: from b by c (x; y); Sat, 21 Nov 2026 11:58:00 +0000\n"
		first    = "Received: from a by b\n\twith ESMTPS id 1;\n\tSat, 21 Nov 2026 10:30:00 +0100 (CET)\n" // 9:30
		waited   = "Received: from a by b; Sun, 15 Nov 2026 12:00:30 +0000\n"
		seconds  = "Received: from a by b; Sat, 21 Nov 2026 11:59:50 +0000\n"
		fast     = "Received: from a by b; Sat, 21 Nov 2026 12:04:00 +0000\n"
		tooFast  = "Received: from a by b; Sat, 21 Nov 2026 15:00:00 +0000\n"
		hour     = time.Hour
		day      = 24 * hour
		since19  = 2881*day + 12*hour
		nearly6d = 6*day - 30*time.Second
	)
	for name, c := range map[string]struct {
		header string
		want   time.Duration // ago
	}{
		"no header":                                         {"", 0},
		"the date":                                          {dated, 3 * hour},
		"the oldest Received":                               {last + first, 150 * time.Minute},
		"a Received without a time is skipped":              {last + "Received: from a by b\n", 2 * time.Minute},
		"the phone had no network: the date":                {last + dated, 3 * hour},
		"the phone is fast: the oldest Received":            {last + first + strings.Replace(dated, "10:00", "10:45", 1), 150 * time.Minute},
		"the phone is fast by hours, and the mail waited":   {last + first + future, 150 * time.Minute},
		"the phone is fast, without a Received":             {future, 0},
		"it waited in a queue for six days":                 {last + waited + sixDays, 6 * day},
		"it waited, and the phone is fast":                  {last + waited + dated, nearly6d},
		"it waited, and there is no date":                   {last + waited, nearly6d},
		"an old date, without a Received":                   {sixDays, 6 * day},
		"a date of years ago, without a Received":           {years, since19},
		"the phone is wrong by years, and the mail is new":  {seconds + years, 10 * time.Second},
		"the phone is wrong by years, and the mail waited":  {last + waited + years, nearly6d},
		"the phone is wrong by years, and a server is fast": {fast + years, 0},
		"a server is fast by hours":                         {tooFast, 0},
		"a server is fast by hours, another is right":       {last + tooFast + years, 2 * time.Minute},
		"a server is fast by hours, and the mail waited":    {tooFast + sixDays, 6 * day},
		"all clocks are wrong, so it may be old":            {tooFast + years, since19},
		"no date":                                           {"Date: today\n", 0},
		"a date before 1970":                                {"Date: Sat, 01 Jan 0000 00:00:00 +1400\n", now.Sub(time.Unix(0, 0))},
		"the year 1":                                        {"Date: Mon, 01 Jan 0001 00:00:00 +0000\n", now.Sub(time.Unix(0, 0))},
		"a zone that Go does not know is not taken as UTC":  {"Date: Sat, 21 Nov 2026 05:00:00 EST\n", 0},
		"a zone in its old form":                            {"Date: 21 Nov 26 09:00 GMT\n", 3 * hour},
	} {
		m := parse(t, c.header+"From: marta@rider.example\n\nkontrolle\n")
		if got := now.Sub(m.Written(now)); got != c.want {
			t.Errorf("%s: %s ago, want %s", name, got, c.want)
		}
	}
}
