package censor_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/transit/read"
)

// startChanging is start with rules that the returned function changes.
func (d *riders) startChanging() func(change func(*censor.Rules)) {
	var now atomic.Pointer[censor.Rules]
	now.Store(&d.rules)
	d.startWith(func() censor.Rules { return *now.Load() }, d.clock.Now)
	return func(change func(*censor.Rules)) {
		rules := *now.Load()
		change(&rules)
		now.Store(&rules)
	}
}

func TestAReportThatWentToNobodyIsNotConfirmed(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	r := report.Report{City: "zuerich", Bot: "elsewhere", ID: "1", Text: "Kontrolle U8 Hermannplatz", Author: "anna", At: d.clock.Now()}
	_, err := d.db.Record(t.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: true, List: report.Triggers}}) // the city was switched off
	if err != nil {
		t.Fatal(err)
	}
	d.start()
	d.wantRelayed(d.says("ben", "Kontrolle U8 Hermannplatz"))
}

func TestAReportIsNotConfirmedOnceItIsTooOldToBeSent(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.rules.Freshness = 5 * time.Minute
	d.start()
	d.wantRelayed(d.says("anna", "Kontrolle U8 Hermannplatz"))
	d.clock.Advance(d.rules.Freshness)
	d.wantRelayed(d.says("ben", "Kontrolle U8 Hermannplatz"))
}

func TestReportsAreComparedAfterTheCitysNetworkWasLoadedAgain(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	change := d.startChanging()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	change(func(rules *censor.Rules) {
		again, err := read.New(rules.Reader.Network(), read.Options{Languages: []string{"de"}})
		if err != nil {
			t.Fatal(err)
		}
		rules.Reader = again
	})
	d.wantConfirms(d.says("ben", "Zwei Kontrolleure am Hermannplatz"), first)
	d.wantConfirmations(first, 1)
}

func TestAReportIsConfirmedHoweverManyHaveDoneSo(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	first := d.record("anna", "Kontrolle U8 Hermannplatz", "")
	for i := range db.MaxRecent {
		d.record(fmt.Sprint("rider", i), "Kontrolle U8 Hermannplatz", first.Key)
	}
	d.start()
	d.wantConfirms(d.says("ben", "Kontrolle U8 Hermannplatz"), first)
	d.wantConfirms(d.says("rider0", "Kontrolle Hermannplatz U8"), first)
	d.wantConfirmations(first, db.MaxRecent+1)
}

func TestThatTheyHaveLeftALineEndsNothingIfTheyWereSeenInSeveralPlaces(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first, second := d.says("anna", "Kontrolle U8 Hermannplatz"), d.says("ben", "Kontrolle U8 Osloer Straße")
	d.wantRelayed(first)
	d.wantRelayed(second)
	d.wantRelayed(d.says("cem", "U8 sind weg"))
	if d.again(first).EndedAt != nil || d.again(second).EndedAt != nil {
		t.Error("ended a report about another place")
	}
}

func TestWhoMovesToAnotherStopIsReportedThere(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	d.wantRelayed(d.says("anna", "Kontrolle U8 Hermannplatz"))
	d.wantRelayed(d.says("ben", "Hermannplatz sind weg, jetzt Osloer Straße"))
}

func TestThatTheyHaveLeftIsNotRelayedWhenASecondRiderSaysSo(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	d.wantConfirms(d.says("ben", "Hermannplatz sind weg"), first)
	d.wantConfirms(d.says("cem", "U8 Hermannplatz sind weg"), first)
	d.wantConfirmations(first, 0)
	d.wantRelayed(d.says("dora", "Kontrolle U8 Hermannplatz"))
}

func TestWhatALineIsAddedToByAConfirmationIsAnotherReportWithAnotherLine(t *testing.T) {
	t.Parallel()
	d := newRidersOf(t, "U8: Wittenau, Hermannplatz, Hermannstraße\nU7: Spandau, Hermannplatz, Rudow")
	d.start()
	first := d.says("anna", "Kontrolle Hermannplatz")
	d.wantRelayed(first)
	d.wantConfirms(d.says("ben", "Kontrolle U8 Hermannplatz"), first)
	d.wantRelayed(d.says("cem", "Kontrolle U7 Hermannplatz"))
}

func TestWhoReportsTheSameTwiceCanWithdrawTheFirstMessage(t *testing.T) {
	t.Parallel()
	d := newRiders(t)
	d.start()
	first := d.says("anna", "Kontrolle U8 Hermannplatz")
	d.wantRelayed(first)
	second := d.says("anna", "Kontrolle am Hermannplatz U8")
	d.wantConfirms(second, first)
	d.withdraw(first.Report(), report.ByAuthor)
	d.wantReplaced(first, second)
	d.wantConfirmations(second, 0)
}

// wantReplaced reads the orders to recall the first report and to send the second.
func (d *riders) wantReplaced(first, second db.Entry) {
	d.t.Helper()
	for range 2 {
		if o := testkit.Next(d.t, d.orders); o.Recall != (o.Entry == first.ID) || !o.Recall && o.Entry != second.ID {
			d.t.Errorf("order: %+v", o)
		}
	}
}
