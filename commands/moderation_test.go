package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/chat"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// visitor is somebody on the city's page.
func visitor(address string) commands.Actor { return commands.Actor{Visitor: address, Lang: "en"} }

// objected has three riders object to a report.
func (w *world) objected(e db.Entry) {
	w.t.Helper()
	for _, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} { // one of them twice
		if w.must(visitor(address), "flag", "report", fmt.Sprint(e.ID), "reason", "name").(commands.Flagged).Held {
			w.t.Fatal("two riders are enough")
		}
	}
	if !w.must(visitor("192.0.2.3"), "flag", "report", fmt.Sprint(e.ID)).(commands.Flagged).Held {
		w.t.Fatal("three riders are not enough")
	}
	w.becomes(e, "taken back", func(e db.Entry) bool { return e.IsFlagged() && e.IsHeld() && e.Deliveries[0].RecallUntil != nil })
}

func TestWhatRidersObjectToIsTakenBackAndGoesOutOnceMoreIfAModeratorWantsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("ada")
	out := w.received("1", "kontrolle 9er")
	w.objected(out)
	if told := w.net.toldTo("ada"); !slices.ContainsFunc(told, func(a chat.Answer) bool { return strings.Contains(a.Text, "object") && len(a.Buttons) == 2 }) {
		t.Errorf("told: %+v", told)
	}
	if list := w.must(w.owner(), "reports", "held", true).(commands.ReportList); len(list.Reports) != 1 || list.Reports[0].Withdrawn != "flags" || !list.Reports[0].Held {
		t.Errorf("held: %+v", list)
	}
	w.must(w.owner(), "release", "report", fmt.Sprint(out.ID))
	again := w.judged(out.ReleasedKey())
	if !again.Passed || len(again.Deliveries) != 1 || again.Deliveries[0].Status != db.Queued || again.Text != out.Text || !again.At.Equal(out.At) {
		t.Errorf("released: %+v", again)
	}
	for i := range 4 { // a moderator has seen it
		if w.must(visitor(fmt.Sprint("192.0.2.", i)), "flag", "report", fmt.Sprint(again.ID)).(commands.Flagged).Held {
			t.Error("a report that was released is taken back")
		}
	}
	if got := w.refused(w.owner(), "release", "report", fmt.Sprint(out.ID)); got != "conflict" {
		t.Error(got)
	}
	w.check(w.bus.PublishReport(t.Context(), out.Withdrawal(report.ByAuthor)))
	w.becomes(again, "withdrawn with the original", func(e db.Entry) bool { return e.Withdrawn == string(report.ByAuthor) && e.Text == "" })
}

func TestAReportThatWasReleasedBeforeRidersObjectedIsTakenBackLikeAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.received("1", "schönes wetter")
	w.must(w.owner(), "release", "report", fmt.Sprint(held.ID))
	w.becomes(held, "released", func(e db.Entry) bool { return e.Passed && len(e.Deliveries) == 1 })
	w.objected(held)
	w.must(w.owner(), "release", "report", fmt.Sprint(held.ID))
	if again := w.judged(held.ReleasedKey()); !again.Passed || !again.IsAboveFlags() {
		t.Errorf("released again: %+v", again)
	}
}

func TestASwitchThatIsSoAlreadyIsNotInTheHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.must(w.owner(), "panic", "on", false).(commands.HoldState).Hash
	on := w.must(w.owner(), "panic").(commands.HoldState).Hash
	if again := w.must(w.owner(), "panic").(commands.HoldState).Hash; on == before || again != on {
		t.Errorf("%s, %s, %s", before, on, again)
	}
	if after := w.must(w.owner(), "hold", "on", false).(commands.HoldState).Hash; after != on {
		t.Error("what is off was switched off")
	}
}

func TestANumberThatNoReportHasIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.refused(w.owner(), "fate", "report", "4711"); got != "not-found report" {
		t.Error(got)
	}
	if got := w.must(w.owner(), "fate", "report", strings.Repeat("a", 32)).(commands.Fate); got.State != "checking" {
		t.Errorf("%+v", got)
	}
}

func TestAReportThatIsOutAgainAfterObjectionsIsOneReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.from("7", "1", "kontrolle 9er")
	w.objected(out)
	number := fmt.Sprint(out.ID)
	mine := func() commands.Fates {
		return w.must(commands.Actor{Network: "net", Person: "7", Lang: "en"}, "mine").(commands.Fates)
	}
	if list := mine(); len(list.Reports) != 1 || list.Reports[0].State != "held" {
		t.Errorf("while it is held: %+v", list)
	}
	w.must(w.owner(), "release", "report", number)
	again := w.judged(out.ReleasedKey())
	if list := mine(); len(list.Reports) != 1 || list.Reports[0].State != "relayed" {
		t.Errorf("after the release: %+v", list)
	}
	if f := w.must(visitor("192.0.2.1"), "fate", "report", number).(commands.Fate); f.State != "relayed" {
		t.Errorf("after the release: %+v", f)
	}
	if w.must(visitor("192.0.2.9"), "flag", "report", number).(commands.Flagged).Held {
		t.Error("one more rider hears that the report was taken back")
	}
	w.must(w.owner(), "withdraw", "report", number)
	w.becomes(again, "withdrawn", func(e db.Entry) bool { return e.Withdrawn == string(report.ByModerator) })
}

func TestWhatItsAuthorHasDeletedIsNotReleasedAfterObjections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.received("1", "kontrolle 9er")
	w.objected(out)
	w.check(w.bus.PublishReport(t.Context(), out.Withdrawal(report.ByAuthor)))
	w.becomes(out, "deleted", func(e db.Entry) bool { return e.Text == "" })
	if got := w.refused(w.owner(), "release", "report", fmt.Sprint(out.ID)); got != "too-late" {
		t.Error(got)
	}
	if f := w.must(visitor("192.0.2.1"), "fate", "report", fmt.Sprint(out.ID)).(commands.Fate); f.State != "withdrawn" {
		t.Errorf("%+v", f)
	}
}

func TestOneRiderHasOneVoteAboutAReportAlsoAfterMidnight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(map[string]any{"flags": 2})
	out := w.received("1", "kontrolle 9er")
	for range 2 {
		if w.must(visitor("192.0.2.1"), "flag", "report", fmt.Sprint(out.ID)).(commands.Flagged).Held {
			t.Error("one rider has two votes")
		}
		w.Advance(24 * time.Hour)
	}
	if !w.must(visitor("192.0.2.2"), "flag", "report", fmt.Sprint(out.ID)).(commands.Flagged).Held {
		t.Error("two riders are not enough")
	}
}

func TestWhatRidersObjectToStaysBackIfAModeratorRefusesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.received("1", "kontrolle 9er")
	w.objected(out)
	w.must(w.owner(), "refuse", "report", fmt.Sprint(out.ID))
	w.becomes(out, "refused", func(e db.Entry) bool { return e.Ruling == string(report.Refuse) && !e.IsHeld() })
	held := w.received("2", "schönes wetter")
	if got := w.refused(visitor("192.0.2.9"), "flag", "report", fmt.Sprint(held.ID)); got != "conflict" {
		t.Error(got)
	}
	w.settings(map[string]any{"flags": 0})
	if got := w.refused(visitor("192.0.2.9"), "flag", "report", fmt.Sprint(w.received("3", "kontrolle 1").ID)); got != "forbidden" {
		t.Error(got)
	}
}

// settings changes the city's settings.
func (w *world) settings(changes map[string]any) {
	w.t.Helper()
	w.must(w.owner(), "settings change", "changes", changes)
}

func TestACityHoldsWhatItsRulesSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, one := range []struct {
		changes    map[string]any
		text, rule string
	}{
		{map[string]any{"hold_links": true}, "kontrolle, siehe https://example.org/x", report.HoldLink},
		{map[string]any{"hold_links": true}, "kontrolle, siehe www.example.org", report.HoldLink},
		{map[string]any{"hold_links": true}, "kontrolle, siehe example.org/bild", report.HoldLink},
		{map[string]any{"hold_links": true}, "kontrolle am hbf.zwei leute, s1/s2", ""},
		{map[string]any{"hold_links": false, "hold_new": true}, "kontrolle u8", report.HoldNew},
		{map[string]any{"hold_new": false, "hold_all": true}, "kontrolle u8", report.HoldAll},
		{map[string]any{"panic": true}, "kontrolle u8", report.HoldPanic},
		{map[string]any{"panic": false, "hold_all": false}, "kontrolle u8", ""},
	} {
		w.settings(one.changes)
		e := w.received(fmt.Sprint(i), fmt.Sprintf("%s %d", one.text, i))
		if e.Passed != (one.rule == "") || one.rule != "" && (e.List != string(report.Hold) || e.Rule != one.rule || !e.IsHeld() || len(e.Deliveries) != 0) {
			t.Errorf("%v: %q: passed %v, %s %s", one.changes, one.text, e.Passed, e.List, e.Rule)
		}
	}
}

func TestAnAuthorIsNewUntilAModeratorHasReleasedOneOfTheirReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(map[string]any{"hold_new": true})
	first, second := w.from("7", "1", "kontrolle 1"), w.from("7", "2", "kontrolle 2")
	if first.Passed || second.Passed {
		t.Fatal("the reports of somebody new are out")
	}
	w.must(w.owner(), "release", "report", fmt.Sprint(first.ID))
	w.becomes(first, "released", func(e db.Entry) bool { return e.Passed })
	if !w.from("7", "3", "kontrolle 3").Passed || w.from("8", "4", "kontrolle 4").Passed || w.from("", "5", "kontrolle 5").Passed {
		t.Error("one that is known is held, or one that is not is out")
	}
}

func TestAnAuthorWhoseReportsWereTakenBackIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(map[string]any{"flags": 1})
	flagged, withdrawn := w.from("7", "1", "kontrolle 1"), w.from("8", "2", "kontrolle 2")
	w.must(visitor("192.0.2.1"), "flag", "report", fmt.Sprint(flagged.ID))
	w.must(w.owner(), "withdraw", "report", fmt.Sprint(withdrawn.ID))
	for _, e := range []db.Entry{flagged, withdrawn} {
		w.becomes(e, "taken back", func(e db.Entry) bool { return e.Withdrawn != "" })
	}
	w.settings(map[string]any{"hold_new": true})
	if w.from("7", "3", "kontrolle 3").Passed || w.from("8", "4", "kontrolle 4").Passed {
		t.Error("whose only report was taken back is known")
	}
	w.must(w.owner(), "release", "report", fmt.Sprint(flagged.ID))
	w.judged(flagged.ReleasedKey())
	if !w.from("7", "5", "kontrolle 5").Passed {
		t.Error("whose report a moderator has released is new")
	}
}

func TestManyReportsOfOneAuthorAreHeldAsTheCityWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(map[string]any{"hold_many": 2})
	var passed []bool
	for i := range 3 {
		passed = append(passed, w.from("7", fmt.Sprint(i), fmt.Sprintf("kontrolle linie %d", i)).Passed)
	}
	if !slices.Equal(passed, []bool{true, true, false}) || !w.from("8", "9", "kontrolle linie 9").Passed {
		t.Errorf("%v", passed)
	}
}

// from is received with an author, as a network hands them in.
func (w *world) from(author, id, text string) db.Entry {
	w.t.Helper()
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	w.check(err)
	r := report.Report{City: "bern", Bot: "net", ID: id, Text: text, At: w.Now()}
	if author != "" {
		r.Author, r.Mark = box.Pseudonym("bern", "net", author, w.Now()), box.Mark("bern", "net", author)
	}
	w.check(w.bus.PublishReport(w.t.Context(), r))
	return w.judged(r.Key())
}

func TestAnAuthorIsMutedForDaysAndTheirMarkIsKeptForThisAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spam := w.from("7", "1", "kontrolle überall")
	w.must(w.owner(), "mute", "report", fmt.Sprint(spam.ID), "days", 7)
	w.eventuallyMuted(1)
	w.Advance(48 * time.Hour)
	w.check(w.db.DeleteMarks(t.Context()))
	w.becomes(spam, "without a mark", func(e db.Entry) bool { return e.Mark == "" })
	if e := w.from("7", "2", "kontrolle u8"); e.Passed || e.List != string(report.Muted) {
		t.Errorf("two days later: %+v", e)
	}
	if !w.from("8", "3", "kontrolle u8").Passed {
		t.Error("somebody else is held")
	}
	if got := w.refused(w.owner(), "mute", "report", fmt.Sprint(spam.ID), "days", 7); got != "too-late" {
		t.Error(got)
	}
	if got := w.must(w.owner(), "mutes").(commands.MuteList).Authors[0].Report; got != int(spam.ID) {
		t.Errorf("muted for %d", got)
	}
	w.must(w.owner(), "unmute", "report", fmt.Sprint(spam.ID))
	w.eventuallyMuted(0)
	if !w.from("7", "4", "kontrolle u9").Passed {
		t.Error("who is not muted any more is held")
	}
	w.must(w.owner(), "mute", "report", fmt.Sprint(w.from("9", "5", "kontrolle u1").ID), "days", 1)
	w.eventuallyMuted(1)
	w.Advance(25 * time.Hour)
	if !w.from("9", "6", "kontrolle u2").Passed {
		t.Error("the time is over")
	}
}

func (w *world) eventuallyMuted(n int) {
	w.t.Helper()
	testkit.Eventually(w.t, "so many are muted", func() bool { return len(w.must(w.owner(), "mutes").(commands.MuteList).Authors) == n })
}

func TestARiderLearnsWhatBecameOfTheirReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct{ id, text, state, say string }{
		{"1", "kontrolle u8", "relayed", "is out"},
		{"2", "schönes wetter", "held", "none of the words"},
		{"3", "Kontrolle, siehe https://example.org", "held", "it has a link"},
	} {
		if one.id == "3" {
			w.settings(map[string]any{"hold_links": true})
		}
		w.from("7", one.id, one.text)
		list := w.must(commands.Actor{Network: "net", Person: "7", Lang: "en"}, "mine").(commands.Fates)
		a, _ := w.writes("7", "/mine")
		if list.Reports[0].State != one.state || !strings.Contains(a.Text, one.say) {
			t.Errorf("%s: %+v, %q", one.text, list, a.Text)
		}
	}
	lost := w.from("7", "4", "kontrolle u1")
	lost.Deliveries[0].Status = db.Failed
	w.check(w.db.SaveDelivery(t.Context(), lost.Deliveries[0]))
	if a, _ := w.writes("7", "/mine"); !strings.Contains(a.Text, "no network has taken it") || strings.Contains(a.Text, "connected to no network") {
		t.Errorf("refused by all networks: %q", a.Text)
	}
	if list := w.must(commands.Actor{Network: "net", Person: "8", Lang: "en"}, "mine").(commands.Fates); len(list.Reports) != 0 {
		t.Errorf("somebody else sees %+v", list)
	}
	if f := w.must(visitor("192.0.2.1"), "fate", "report", "net:"+strings.Repeat("a", 32)).(commands.Fate); f.State != "checking" {
		t.Errorf("%+v", f)
	}
}

func TestTheLogHasWhatWasDoneAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.received("1", "schönes wetter")
	w.must(w.owner(), "lists add", "list", "triggers", "rule", "wetter")
	w.must(w.owner(), "refuse", "report", fmt.Sprint(held.ID))
	w.must(w.owner(), "status")
	w.must(commands.Actor{ID: "key 1", Level: commands.Owner, Admin: w.admin.ID, Lang: "en"}, "report", "text", "kontrolle, geheim")
	w.must(w.owner(), "subscribe", "network", "net", "person", "dora@example.net")
	log := w.must(w.owner(), "log", "limit", 1).(commands.Log)
	if len(log.Acts) != 1 || log.Acts[0].Command != "refuse" || log.Acts[0].By != "ada@example.org" || log.Next == 0 {
		t.Fatalf("%+v", log)
	}
	log = w.must(w.owner(), "log", "before", log.Next).(commands.Log)
	if len(log.Acts) != 1 || log.Acts[0].Command != "lists add" || log.Acts[0].Values["rule"] != "wetter" || log.Next != 0 {
		t.Errorf("%+v", log)
	}
	if got := w.refused(commands.Actor{ID: "admin 9", Level: commands.Moderator, Lang: "en"}, "log"); got != "forbidden" {
		t.Error(got)
	}
}
