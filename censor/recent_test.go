package censor_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// riders is a fixture of a city with a network, where repeats within ten minutes confirm a report.
type riders struct {
	*fixture
	clock testkit.Clock
	rules censor.Rules
}

func newRiders(t *testing.T) *riders {
	t.Helper()
	return newRidersOf(t, "U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße")
}

// newRidersOf is newRiders with other lines.
func newRidersOf(t *testing.T, lines string) *riders {
	t.Helper()
	n, err := network.FromLists(lines, "")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := read.New(n, read.Options{Languages: []string{"de"}})
	if err != nil {
		t.Fatal(err)
	}
	filter, err := censor.Compile([]string{"@line", "@stop", "kontroll*"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &riders{rules: censor.Rules{Filter: filter, Reader: reader, Active: true, Freshness: 30 * time.Minute, Repeats: 10 * time.Minute}}
	d.fixture = &fixture{t: t, bus: testkit.Bus(t), db: testkit.DB(t, d.clock.Now), orders: make(chan bus.Order, 100), edits: make(chan bus.Order, 100)}
	return d
}

func (d *riders) start() { d.startWith(func() censor.Rules { return d.rules }, d.clock.Now) }

// says publishes a rider's report and returns its entry.
func (d *riders) says(rider, text string) db.Entry {
	d.t.Helper()
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: rider + text + d.clock.Now().String(), Text: text, Author: rider, At: d.clock.Now()}
	if err := d.bus.PublishReport(d.t.Context(), r); err != nil {
		d.t.Fatal(err)
	}
	return d.entry(r)
}

// again reads an entry again.
func (d *riders) again(e db.Entry) db.Entry {
	d.t.Helper()
	e, err := d.db.EntryByID(d.t.Context(), "zuerich", e.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func (d *riders) wantRelayed(e db.Entry) {
	d.t.Helper()
	if o := testkit.Next(d.t, d.orders); o.Entry != e.ID || e.About != "" || len(e.Deliveries) != 2 {
		d.t.Errorf("entry %+v, order %+v", e, o)
	}
}

func (d *riders) wantConfirms(e, first db.Entry) {
	d.t.Helper()
	if e.About != first.Key || !e.Passed || len(e.Deliveries) > 0 {
		d.t.Errorf("%q does not confirm %q: %+v", e.Text, first.Text, e)
	}
}

func (d *riders) wantConfirmations(first db.Entry, n int) {
	d.t.Helper()
	if got := d.again(first); got.Confirmations != n {
		d.t.Errorf("%d confirmations of %q, want %d", got.Confirmations, first.Text, n)
	}
}

func TestThreeRidersWhoSeeTheSameMakeOneReportWithTwoConfirmations(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	d.wantConfirms(d.says("ben", "Kontrolleure am Hermannplatz"), first)
	d.wantConfirms(d.says("cem", "U8 hermannplatz kontrolle"), first)
	d.wantConfirmations(first, 2)
	for range 2 {
		if o := testkit.Next(t, d.edits); o.Entry != first.ID || !slices.Equal(o.Bots, []string{"one", "two"}) {
			t.Errorf("edit: %+v", o)
		}
	}
	d.wantRelayed(d.says("dora", "Kontrolle Osloer Straße"))
}

func TestWhoRepeatsAReportIsCountedOnce(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantConfirms(d.says("anna", "Kontrolle U8 Hermannplatz!!"), first)
	d.wantConfirms(d.says("ben", "Kontrolle U8 Hermannplatz"), first)
	d.wantConfirms(d.says("ben", "Kontrolle Hermannplatz"), first)
	d.wantConfirmations(first, 1)
}

func TestAfterTheWindowTheSameReportIsRelayedAgain(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	d.wantRelayed(d.says("anna", "Kontrolle U8 Hermannplatz"))
	d.clock.Advance(d.rules.Repeats)
	d.wantRelayed(d.says("ben", "Kontrolle U8 Hermannplatz"))
}

func TestWithoutAWindowEveryReportIsRelayed(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.rules.Repeats = 0
	d.start()
	d.wantRelayed(d.says("anna", "Kontrolle U8 Hermannplatz"))
	d.wantRelayed(d.says("ben", "Kontrolle U8 Hermannplatz"))
}

func TestANewWorkerKnowsWhatWasReportedBefore(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	past := d.record("anna", "Kontrolle U8 Hermannplatz", "")
	d.record("ben", "Kontrolle U8 Hermannplatz", past.Key)
	d.start()
	d.wantConfirms(d.says("ben", "Kontrolle U8 Hermannplatz"), past)
	d.wantConfirmations(past, 1)
	d.wantConfirms(d.says("cem", "Kontrolle U8 Hermannplatz"), past)
	d.wantConfirmations(past, 2)
}

// record puts a report into the ledger as another node would.
func (d *riders) record(rider, text, about string) db.Entry {
	d.t.Helper()
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: rider, Text: text, Author: rider, At: d.clock.Now()}
	bots := []string{"one", "two"}
	if about != "" {
		bots = nil
	}
	entries, err := d.db.Record(d.t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true, List: report.Triggers}, Status: db.Queued, About: about, Counts: about != "", Bots: bots})
	if err != nil {
		d.t.Fatal(err)
	}
	return entries[0]
}

func TestAReportThatHasExpiredIsNotConfirmed(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	old := report.Report{City: "zuerich", Bot: "elsewhere", ID: "old", Text: "Kontrolle U8 Hermannplatz", Author: "anna", At: d.clock.Now().Add(-time.Hour)}
	if err := d.bus.PublishReport(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	d.entry(old)
	d.wantRelayed(d.says("ben", "Kontrolle U8 Hermannplatz"))
}

func TestARiderWhoSaysThatTheyHaveLeftEndsTheReport(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	gone := d.says("ben", "Hermannplatz sind weg")
	d.wantConfirms(gone, first)
	if now := d.again(first); now.EndedAt == nil || !now.EndedAt.Equal(gone.At) || now.Confirmations != 0 {
		t.Errorf("not ended: %+v", now)
	}
	d.wantRelayed(d.says("cem", "Kontrolle U8 Hermannplatz")) // they are back
}

func TestACityCanHaveItRelayedThatTheyHaveLeft(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.rules.RelayEnds = true
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	gone := d.says("ben", "Hermannplatz sind weg")
	if o := testkit.Next(t, d.orders); o.Entry != gone.ID || gone.About != first.Key || d.again(first).EndedAt == nil {
		t.Errorf("entry %+v, order %+v", gone, o)
	}
}

func TestAReportThatItsAuthorWithdrawsIsReplacedByTheNextOneThatSaidTheSame(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	second := d.says("ben", "Kontrolle Hermannplatz U8")
	third := d.says("cem", "U8 Hermannplatz Kontrolle")
	d.withdraw(first.Report(), report.ByAuthor)
	d.wantReplaced(first, second)
	d.wantConfirms(d.again(third), second)
	d.wantConfirmations(second, 1)
	d.wantConfirms(d.says("dora", "Kontrolle U8 Hermannplatz"), second)
	d.wantConfirmations(second, 2)
}

func TestWhatAModeratorWithdrawsIsNotReplaced(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	second := d.says("ben", "Kontrolle Hermannplatz U8")
	d.withdraw(first.Report(), report.ByModerator)
	if o := testkit.Next(t, d.orders); !o.Recall {
		t.Errorf("order: %+v", o)
	}
	d.nextOrderIsNew()
	if again := d.again(second); again.About != first.Key || len(again.Deliveries) > 0 {
		t.Errorf("%+v", again)
	}
}

func TestWhatAModeratorOrRidersHaveTakenBackIsNotReplacedWhenItsAuthorDeletesIt(t *testing.T) {
	t.Parallel()
	for _, by := range []report.Withdrawal{report.ByModerator, report.ByFlags} {
		d := newRiders(t)
		d.start()
		first := d.says("anna", "Kontrolle U8 Hermannplatz")
		d.wantRelayed(first)
		second := d.says("ben", "Kontrolle Hermannplatz U8")
		for _, who := range []report.Withdrawal{by, report.ByAuthor} {
			d.withdraw(first.Report(), who)
			if o := testkit.Next(t, d.orders); !o.Recall {
				t.Errorf("%s, %s: order: %+v", by, who, o)
			}
		}
		d.nextOrderIsNew()
		if again := d.again(second); again.About != first.Key || len(again.Deliveries) > 0 {
			t.Errorf("%s: %+v", by, again)
		}
		if e := d.again(first); e.Withdrawn != string(by) || e.Text != "" || e.IsHeld() {
			t.Errorf("%s: %+v", by, e)
		}
	}
}

func TestWhatOthersHaveConfirmedCountsForAReportThatIsReleasedAfterObjections(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	second := d.says("ben", "Kontrolleure am Hermannplatz")
	d.wantConfirms(d.says("cem", "U8 hermannplatz kontrolle"), first)
	d.withdraw(first.Report(), report.ByFlags)
	if o := testkit.Next(t, d.orders); !o.Recall {
		t.Errorf("order: %+v", o)
	}
	d.withdraw(second.Report(), report.ByAuthor)
	d.withdrawn(second.Report())
	if err := d.bus.PublishReport(t.Context(), first.Ruled(report.Release)); err != nil {
		t.Fatal(err)
	}
	released := testkit.Next(t, d.orders)
	again := d.again(db.Entry{ID: released.Entry})
	if again.Key != first.ReleasedKey() || again.Confirmations != 1 || len(again.Deliveries) != 2 {
		t.Errorf("released: %+v", again)
	}
	d.wantConfirmations(first, 0)
	d.wantConfirms(d.says("dora", "Hermannplatz U8 kontrolle"), again)
	d.wantConfirms(d.says("cem", "u8 hermannplatz"), again) // is counted already
	d.wantConfirmations(again, 2)
}

func TestAConfirmationThatIsWithdrawnDoesNotCount(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	second := d.says("ben", "Kontrolle U8 Hermannplatz")
	d.withdraw(second.Report(), report.ByAuthor)
	d.withdrawn(second.Report())
	d.wantConfirmations(first, 0)
	gone := d.says("cem", "Hermannplatz sind weg")
	d.withdraw(gone.Report(), report.ByAuthor)
	d.withdrawn(gone.Report())
	if now := d.again(first); now.EndedAt != nil {
		t.Errorf("still ended: %+v", now)
	}
}

func TestAReportTellsTheNetworksWhatItMeans(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	entry := d.says("anna", "U8 Hermannplatz Kontrolle Richtung Wittenau")
	o := testkit.Next(t, d.orders)
	for _, means := range []report.Reading{o.Report.Means, entry.Means(), entry.Report().Means} {
		if means.Kind != "inspectors" || len(means.Lines) != 1 || means.Lines[0].Name != "U8" || len(means.Stops) != 1 || means.Stops[0].Name != "Hermannplatz" ||
			len(means.Directions) != 1 || means.Directions[0].Name != "Wittenau" {
			t.Errorf("%+v", means)
		}
	}
}

func TestAReportWaitsWhileTheCitysLinesAndStopsAreLoaded(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	asked := make(chan struct{}, 100)
	var ready atomic.Bool
	d.startWith(func() censor.Rules {
		rules := d.rules
		if rules.Loading = !ready.Load(); rules.Loading {
			rules.Reader = nil
			select {
			case asked <- struct{}{}:
			default:
			}
		}
		return rules
	}, d.clock.Now)
	r := d.put("zuerich", "1", "u8 hermannplatz 2 blauwesten", 0)
	testkit.Next(t, asked)
	ready.Store(true)
	if entry := d.entry(r); !entry.Passed || entry.Rule != "@line" {
		t.Errorf("%+v", entry)
	}
}
