package city_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/report"
)

func TestEveryCommandOfTheCityHasAForm(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	page := v.Get("/city/berlin/commands")
	for _, command := range s.Site.Commands.All() {
		form := fmt.Sprintf(`action="/city/berlin/commands/%s#`, command.ID())
		if has := strings.Contains(page.Text, form); has == (command.InChats || command.NoCity || command.Level > commands.Owner) {
			t.Errorf("%s: %v", command.Name, has)
		}
	}
}

func TestACommandOnThePageShowsItsResultOrWhatIsWrong(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	v.Post("/city/berlin/commands/lists-add", "list", "blocked", "rule", "wetter").Want(200, "wetter is in the list blocked.", `"rule": "wetter"`)
	if now := s.Present("berlin"); len(now.Blocked) != 1 {
		t.Errorf("blocked: %q", now.Blocked)
	}
	v.Post("/city/berlin/commands/lists-add", "list", "blocked", "rule", "/[/").Want(422, `value="/[/"`, `id="f-c-lists-add-rule-error"`)
	v.Post("/city/berlin/commands/reports", "limit", "many").Want(422, "must be a whole number from 1 to 100", `value="many"`)
	v.Post("/city/berlin/commands/lines", "network", "fax", "person", "1").Want(422, "must be one of")
	v.Post("/city/berlin/commands/release", "report", "4711").Want(422, "there is no report 4711")
	v.Post("/city/berlin/commands/link-new").Want(200, "/link ")
	for _, none := range []string{"link", "unlink", "city-list", "nonsense"} {
		v.Post("/city/berlin/commands/"+none).Want(404, "")
	}
}

func TestAStateIsSwitchedByTwoButtonsWhichSayWhatItIsNow(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	v.Get("/city/berlin/commands").Want(200, "Panic is off.", `name="on" value="off"`)
	v.Post("/city/berlin/commands/panic", "on", "on").Want(200, "Panic is on: nothing is sent")
	for _, page := range []string{"", "/ledger", "/history"} {
		v.Get("/city/berlin"+page).Want(200, "Panic is on: nothing is sent, and every report is held.", "End the panic")
	}
	v.Post("/city/berlin/commands/panic", "on", "off").Want(200, "Panic is off.")
	v.Get("/city/berlin").Want(200).WantNot("End the panic")
	if s.Present("berlin").Panic {
		t.Error("panic is on")
	}
	v.Post("/city/berlin/commands/hold", "on", "on").Want(200)
	v.Get("/city/berlin/ledger").Want(200, "All reports wait until a moderator has released them.")
}

func TestAFormThatIsSentTwiceIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	published := 0
	s.Publish = func(context.Context, report.Report) error { published++; return nil }
	for range 2 {
		v.Post("/city/berlin/commands/report", "text", "kontrolle", "once", "copy 1").Want(200, "Your report is in.")
	}
	if published != 1 {
		t.Errorf("published %d times", published)
	}
}

func TestAnAdminRulesOnWhatIsHeldInTheLedger(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	var published []report.Report
	s.Publish = func(_ context.Context, r report.Report) error { published = append(published, r); return nil }
	record := func(id string, age time.Duration, verdict report.Verdict) string {
		r := report.Report{City: "berlin", Bot: "alpha", ID: id, Text: "wetter " + id, At: s.Now().Add(-age), Author: "someone"}
		entries, err := s.Site.DB.Record(t.Context(), db.Judged{Report: r, Verdict: verdict})
		frontendtest.Check(t, err)
		return fmt.Sprintf("/city/berlin/ledger/%d/", entries[0].ID)
	}
	held, stale := record("1", 0, report.Verdict{List: report.Triggers}), record("2", time.Hour, report.Verdict{List: report.Triggers})
	slur := record("3", 0, report.Verdict{List: report.Instance, Rule: "x"})
	page := v.Get("/city/berlin/ledger").Want(200, held+"release", held+"refuse", held+"mute")
	for _, never := range []string{stale, slur} {
		if strings.Contains(page.Text, never+"release") {
			t.Errorf("%s can be released", never)
		}
		v.Post(never+"release").Want(200, `class="flash error"`)
	}
	record("6", 0, report.Verdict{List: report.Muted})
	v.Get("/city/berlin/ledger").Want(200, "the author is muted")
	record("4", 0, report.Verdict{Passed: true, List: report.Hold, Rule: report.HoldAll})
	record("5", 0, report.Verdict{Passed: true, List: report.Triggers, Rule: "wetter"})
	if page := v.Get("/city/berlin/ledger").Want(200, "was held back: a moderator has to see it first"); strings.Count(page.Text, "was held back") != 1 {
		t.Error("a report that passed by itself was held back")
	}
	for name, want := range map[string]string{"release": "goes out", "refuse": "is not relayed", "mute": "is held", "unmute": "no longer held"} {
		published = nil
		v.Post(held+name).Want(200, want)
		if len(published) != 1 || published[0].ID != "1" || published[0].Ruling == "" {
			t.Errorf("%s publishes %+v", name, published)
		}
	}
	for _, none := range []string{"pause", "lists", "report"} {
		v.Post(held+none).Want(404, "")
	}
}
