package frontend

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/report"
)

const tryPath = "/city/berlin/try"

// try presses the button in the settings form.
func (v *visitor) try(pairs ...string) answer {
	v.t.Helper()
	form := v.get("/city/berlin").form("/city/berlin")
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.send("POST", tryPath, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// heard writes a report and what the censor said about it.
func (s *site) heard(city, text string, passed bool, ago time.Duration) db.Entry {
	s.t.Helper()
	r := report.Report{City: city, Bot: "feeds", ID: text, At: s.now().Add(-ago), Text: text}
	e, err := s.DB.Record(s.t.Context(), r, report.Verdict{Passed: passed, List: report.Triggers}, db.Queued, nil)
	check(s.t, err)
	check(s.t, s.DB.Model(&e).Update("created_at", db.Time(s.now().Add(-ago))).Error)
	return e
}

func TestATextIsTriedOnListsThatAreNotSaved(t *testing.T) {
	s, v, _ := past(t, map[string]any{"triggers": []string{"kontrolle"}})
	for _, c := range []struct {
		what, triggers, blocked, text string
		says                          []string
	}{
		{"a trigger", "kontrolle\n\nu8", "", "Die U8 steht", []string{"passed", "trigger, line 3", "<code>u8</code>"}},
		{"no trigger", "tram", "", "Kontrolle in der U8", []string{"held back", "no trigger word"}},
		{"a blocked word", "*", "depp", "So ein Depp!", []string{"held back", "blocked, line 1", "<code>depp</code>"}},
		{"a word blocked everywhere", "*", "", "Sieg Heil", []string{"held back", "words blocked everywhere"}},
	} {
		page := v.try("triggers", c.triggers, "blocked", c.blocked, "try_text", c.text)
		page.want(http.StatusOK, append(c.says, c.text, "Nothing is saved yet", `role="status"`)...)
	}
	if got := fmt.Sprint(s.present("berlin").Triggers); got != "[kontrolle]" {
		t.Errorf("in force: %s", got)
	}
}

func TestTryingLosesNothingThatWasTyped(t *testing.T) {
	s, v, _ := past(t)
	base := v.get("/city/berlin").form("/city/berlin").Get("base")
	page := v.try("title", "", "about", "<b>neu</b>", "note", "weil", "freshness_minutes", "bald", "time_zone", "Europe/Berlin", "triggers", "eins\nzwei",
		"lang", "de", "try_text", "ein \"Text\"").want(200)
	form := page.form("/city/berlin")
	for name, want := range map[string]string{"base": base, "title": "", "about": "<b>neu</b>", "note": "weil", "freshness_minutes": "bald",
		"time_zone": "Europe/Berlin", "triggers": "eins\nzwei", "lang": "de", "try_text": "ein \"Text\"", "active": "on"} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	s.save("berlin", 0, map[string]any{"about": "theirs"})
	v.submit(page, "/city/berlin", "title", "Berlin").want(http.StatusConflict, "theirs", "neu")
}

func TestTheReportsOfTheLastDayAreJudgedAnew(t *testing.T) {
	s, v, _ := past(t, map[string]any{"triggers": []string{"kontrolle"}})
	v.try().want(200, "no report of the last 24 hours to compare with").wantNot("try_report")
	s.heard("berlin", "kontrolle vorgestern", true, 25*time.Hour)
	s.heard("ghent", "kontrolle in ghent", true, 0)
	chosen := s.heard("berlin", "kontrolle u8", true, time.Hour)
	s.heard("berlin", "tram steht", false, 2*time.Hour)
	s.heard("berlin", "schönes Wetter", false, 3*time.Hour)
	page := v.try("triggers", "tram", "try_report", fmt.Sprint(chosen.ID)).want(200, "3 reports of the last 24 hours", "2 would be judged differently",
		"tram steht", "kontrolle u8", "trigger, line 1", fmt.Sprintf(`value="%d" selected`, chosen.ID)).
		wantNot("vorgestern", "ghent")
	if n := strings.Count(page.text, `<p class="text">schönes Wetter`); n != 0 {
		t.Error("a report whose verdict stays is listed")
	}
	v.try("triggers", "kontrolle").want(200, "All of them would be judged as before")
	for _, id := range []string{"0", "-1", "nonsense", "99999999999", fmt.Sprint(chosen.ID + 1000)} {
		v.try("try_report", id).want(200)
	}
}

func TestAtMostFiftyReportsAreListed(t *testing.T) {
	s, v, _ := past(t, map[string]any{"triggers": []string{"kontrolle"}})
	for i := range 210 {
		s.heard("berlin", fmt.Sprintf("tram %d", i), false, 0)
	}
	page := v.try("triggers", "tram").want(200, "210 reports of the last 24 hours", "210 would be judged differently", "Only the newest 50 are shown", "tram 160").
		wantNot(`<p class="text">tram 159`)
	if strings.Contains(page.text, "· tram 9<") || !strings.Contains(page.text, "· tram 10<") {
		t.Error("not the newest 200 reports are offered")
	}
}

func TestListsThatCannotBeUsedAreNotTried(t *testing.T) {
	_, v, _ := past(t)
	v.try("triggers", "ok\n/(u8/", "try_text", "u8").want(422, "Line 2: this is not a regular expression", "The lists cannot be used like this", `id="f-triggers-error"`)
	v.try("triggers", strings.Repeat("x\n", 5000)).want(422, "too many lines")
	v.try("try_text", strings.Repeat("x ", 100_000)).want(200)
	v.try("base", strings.Repeat("x", 100_000), "note", strings.Repeat("ü", 10_000)).want(200)
	v.try("blocked", strings.Repeat("x", maxBody)).want(413)
}
