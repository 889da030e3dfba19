package db_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// counted is a city's database with a clock, at first on Saturday, 2026-11-28, at 18:30 in Zurich.
type counted struct {
	*db.DB
	t    *testing.T
	now  time.Time
	zone *time.Location
	next int
}

func count(t *testing.T) *counted {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{t: t, zone: zone, now: time.Date(2026, 11, 28, 18, 30, 0, 0, zone)}
	c.DB = testkit.DB(t, func() time.Time { return c.now })
	return c
}

// about is a report of now, with its lines and stops as "U8 M10 / Alexanderplatz".
func (c *counted) about(place string) db.Judged {
	c.next++
	r := newReport(fmt.Sprint(c.next))
	r.At = c.now
	lines, stops, _ := strings.Cut(place, "/")
	for _, name := range strings.Fields(lines) {
		r.Means.Lines = append(r.Means.Lines, report.Line{Name: name, ID: r.ID})
	}
	for _, name := range strings.Fields(stops) {
		r.Means.Stops = append(r.Means.Stops, report.Stop{Name: name, Lines: []report.Line{{Name: "not named"}}})
	}
	return db.Judged{Report: r, Verdict: passed, Status: db.Queued, Bots: []string{"a"}, Zone: c.zone}
}

func (c *counted) record(judged ...db.Judged) []db.Entry {
	c.t.Helper()
	entries, err := c.Record(c.t.Context(), judged...)
	if err != nil {
		c.t.Fatal(err)
	}
	return entries
}

// times records a number of reports about a place.
func (c *counted) times(n int, place string) {
	c.t.Helper()
	var judged []db.Judged
	for range n {
		judged = append(judged, c.about(place))
	}
	c.record(judged...)
}

func (c *counted) withdraw(e db.Entry, by report.Withdrawal) db.Entry {
	c.t.Helper()
	entry, err := c.Withdraw(c.t.Context(), e.Withdrawal(by), c.now.Add(time.Hour))
	if err != nil {
		c.t.Fatal(err)
	}
	return entry
}

// want checks the numbers that are shown: "line U8 7".
func (c *counted) want(when string, want ...string) {
	c.t.Helper()
	numbers, err := c.Numbers(c.t.Context(), "zuerich", c.now.In(c.zone))
	if err != nil {
		c.t.Fatal(err)
	}
	got := []string{}
	for _, n := range numbers {
		got = append(got, fmt.Sprintf("%s %s %d", n.Kind, n.Name, n.Reports))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		c.t.Errorf("%s: %q, want %q", when, got, want)
	}
}

// rows are all rows of the table: "20261128 line U8 7".
func (c *counted) rows() (rows []string) {
	c.t.Helper()
	var all []db.Number
	if err := c.Order("city, period, kind, name").Find(&all).Error; err != nil {
		c.t.Fatal(err)
	}
	for _, n := range all {
		rows = append(rows, fmt.Sprintf("%d %s %s %d", n.Period, n.Kind, n.Name, n.Reports))
	}
	return rows
}

func (c *counted) wantRows(when string, want ...string) {
	c.t.Helper()
	if got := c.rows(); !slices.Equal(got, want) {
		c.t.Errorf("%s: the table has %q, want %q", when, got, want)
	}
}

func (c *counted) fold() {
	c.t.Helper()
	if err := c.FoldNumbers(c.t.Context(), "zuerich", c.now.In(c.zone)); err != nil {
		c.t.Fatal(err)
	}
}

func TestRelayedReportsAreCountedByLineStopAndHourFromTheNextDay(t *testing.T) {
	t.Parallel()
	c := count(t)
	c.times(5, "U8 M10 U8 / Alexanderplatz")
	c.times(2, "U8")
	c.times(4, "M10")
	c.want("on the same day")
	c.now = c.now.Add(6 * time.Hour) // 0:30
	c.want("on the next day", "line U8 7", "line M10 9", "stop Alexanderplatz 5", "hour 6-18 11")
	c.times(5, "S3")
	c.want("with reports of today", "line U8 7", "line M10 9", "stop Alexanderplatz 5", "hour 6-18 11")
	c.fold()
	c.want("after the days have become months", "line U8 7", "line M10 9", "stop Alexanderplatz 5", "hour 6-18 11")
	c.wantRows("after that", "20261100 hour 6-18 11", "20261100 line M10 9", "20261100 line U8 7", "20261100 stop Alexanderplatz 5",
		"20261129 hour 7-00 5", "20261129 line S3 5")
}

func TestWhatIsNotRelayedOrNamesNoPlaceIsNotCounted(t *testing.T) {
	t.Parallel()
	c := count(t)
	change := func(f func(j *db.Judged)) db.Judged {
		j := c.about("U8")
		f(&j)
		return j
	}
	c.record(c.about(""),
		change(func(j *db.Judged) { j.Verdict.Passed = false }),
		change(func(j *db.Judged) { j.About = "zuerich:elsewhere:1" }),
		change(func(j *db.Judged) { j.Status = db.Expired }),
		change(func(j *db.Judged) { j.Bots = nil }),
		change(func(j *db.Judged) { j.Zone = nil }))
	c.wantRows("after what does not count")
	known := c.about("U8")
	c.record(known, known)
	c.record(known)
	c.wantRows("after one report and its repetitions", "20261128 hour 6-18 1", "20261128 line U8 1")
}

func TestAWithdrawalTakesTheCountBackAlsoWhenItsDayIsOver(t *testing.T) {
	t.Parallel()
	c := count(t)
	entries := c.record(c.about("U8 / Alexanderplatz"), c.about("U8"), c.about("M10"))
	c.withdraw(entries[0], report.ByAuthor)
	c.withdraw(entries[0], report.ByAuthor)
	c.wantRows("on the same day", "20261128 hour 6-18 2", "20261128 line M10 1", "20261128 line U8 1")
	c.now = c.now.Add(24 * time.Hour)
	c.fold()
	c.withdraw(entries[1], report.ByModerator)
	c.wantRows("on the next day", "20261100 hour 6-18 1", "20261100 line M10 1")
	if _, err := c.DeleteTexts(t.Context(), "zuerich", c.now); err != nil {
		t.Fatal(err)
	}
	c.withdraw(entries[2], report.ByModerator)
	c.wantRows("after the texts are deleted: the count stays, as nothing says what it was about", "20261100 hour 6-18 1", "20261100 line M10 1")
	if kept, err := c.EntryByID(t.Context(), "zuerich", entries[2].ID); err != nil || kept.Numbered != "" {
		t.Errorf("the entry without text still has %q, %v", kept.Numbered, err)
	}
}

func TestTheConfirmationThatReplacesAWithdrawnReportIsCounted(t *testing.T) {
	t.Parallel()
	c := count(t)
	first := c.record(c.about("U8"))[0]
	second := c.about("U8 / Alexanderplatz")
	second.About, second.Counts, second.Bots = first.Key, true, nil
	c.record(second)
	c.wantRows("two people", "20261128 hour 6-18 1", "20261128 line U8 1")
	withdrawn := c.withdraw(first, report.ByAuthor)
	c.wantRows("after the first withdrew")
	next, err := c.Replace(t.Context(), withdrawn, c.now.Add(-time.Hour), []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"20261128 hour 6-18 1", "20261128 line U8 1", "20261128 stop Alexanderplatz 1"}
	c.wantRows("with the second in its place", want...)
	c.withdraw(next, report.ByAuthor)
	c.wantRows("after the second withdrew")
}

func TestNumbersStayForAYearAndGoWithTheirCity(t *testing.T) {
	t.Parallel()
	c := count(t)
	if err := c.Create(&db.City{Name: "zuerich"}).Error; err != nil {
		t.Fatal(err)
	}
	c.times(5, "U8")
	c.now = time.Date(2027, 10, 31, 12, 0, 0, 0, c.zone)
	if _, err := c.DeleteTexts(t.Context(), "zuerich", c.now); err != nil {
		t.Fatal(err)
	}
	c.fold()
	c.want("in the twelfth month", "line U8 5", "hour 6-18 5")
	c.now = time.Date(2027, 11, 1, 12, 0, 0, 0, c.zone)
	c.want("in the thirteenth")
	c.fold()
	c.wantRows("in the thirteenth")
	c.times(5, "M10")
	other := c.about("M10")
	other.Report.City = "ghent"
	c.record(other)
	if err := c.DeleteNumbersWithoutCity(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.wantRows("after the other city is gone", "20271101 hour 1-12 5", "20271101 line M10 5")
}

func TestNoRowHasAPlaceAndATime(t *testing.T) {
	t.Parallel()
	c := count(t)
	c.times(3, "U8 / Alexanderplatz")
	c.now = c.now.Add(48 * time.Hour)
	c.fold()
	c.wantRows("in the month", "20261100 hour 6-18 3", "20261100 line U8 3", "20261100 stop Alexanderplatz 3")
}

// Random reports, withdrawals and days: what is shown is what a simple sum says, and never below LeastNumber.
func TestNoNumberBelowFiveIsEverShown(t *testing.T) {
	t.Parallel()
	c := count(t)
	random := rand.New(rand.NewPCG(1, 2))
	type one struct {
		entry db.Entry
		names []string
		day   string
	}
	var live []one
	for step := range 150 {
		switch {
		case step%10 == 9:
			c.now = c.now.Add(time.Duration(random.IntN(30)) * time.Hour)
		case step%7 == 6:
			c.fold()
		case step%5 == 4 && len(live) > 0:
			i := random.IntN(len(live))
			c.withdraw(live[i].entry, report.ByAuthor)
			live = slices.Delete(live, i, i+1)
		default:
			var judged []db.Judged
			var batch []one
			for range 1 + random.IntN(3) {
				line, stop := fmt.Sprintf("U%d", random.IntN(4)), fmt.Sprintf("S%d", random.IntN(12))
				judged = append(judged, c.about(line+" / "+stop))
				at := c.now.In(c.zone)
				batch = append(batch, one{names: []string{"line " + line, "stop " + stop, "hour " + db.HourName(at)}, day: at.Format(time.DateOnly)})
			}
			for i, e := range c.record(judged...) {
				batch[i].entry = e
			}
			live = append(live, batch...)
		}
		sums := map[string]int{}
		for _, r := range live {
			for _, name := range r.names {
				if r.day < c.now.In(c.zone).Format(time.DateOnly) {
					sums[name]++
				}
			}
		}
		var want []string
		for name, sum := range sums {
			if sum >= 5 {
				want = append(want, fmt.Sprintf("%s %d", name, sum))
			}
		}
		c.want(fmt.Sprint("step ", step), want...)
	}
	if len(live) < 50 {
		t.Errorf("only %d reports are left", len(live))
	}
}
