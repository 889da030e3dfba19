package city_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/frontend/site"
	"linienfunk/report"
)

const tryPath = "/city/berlin/try"

// try submits the settings form with the button that tries a text.
func try(v *frontendtest.Visitor, pairs ...string) frontendtest.Answer {
	v.T.Helper()
	form := v.Get("/city/berlin").Form("/city/berlin")
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.Send("POST", tryPath, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// addReport stores a report with its verdict.
func addReport(s *frontendtest.World, city, text string, passed bool, ago time.Duration) db.Entry {
	s.T.Helper()
	r := report.Report{City: city, Bot: "feeds", ID: text, At: s.Now().Add(-ago), Text: text}
	entries, err := s.Site.DB.Record(s.T.Context(), db.Judged{Report: r, Verdict: report.Verdict{Passed: passed, List: report.Triggers}, Status: db.Queued})
	frontendtest.Check(s.T, err)
	e := entries[0]
	frontendtest.Check(s.T, s.Site.DB.Model(&e).Update("created_at", db.Time(s.Now().Add(-ago))).Error)
	return e
}

func TestATextIsTriedOnListsThatAreNotSaved(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": []string{"kontrolle"}})
	for _, c := range []struct {
		what, triggers, blocked, text string
		says                          []string
	}{
		{"a trigger", "kontrolle\n\nu8", "", "Die U8 steht", []string{"passed", "trigger, line 3", "<code>u8</code>"}},
		{"no trigger", "tram", "", "Kontrolle in der U8", []string{"held back", "no trigger word"}},
		{"a blocked word", "*", "depp", "So ein Depp!", []string{"held back", "blocked, line 1", "<code>depp</code>"}},
		{"a word blocked everywhere", "*", "", "Sieg Heil", []string{"held back", "words blocked everywhere"}},
	} {
		page := try(v, "triggers", c.triggers, "blocked", c.blocked, "try_text", c.text)
		page.Want(http.StatusOK, append(c.says, c.text, "Nothing is saved yet", `role="status"`)...)
	}
	if got := fmt.Sprint(s.Present("berlin").Triggers); got != "[kontrolle]" {
		t.Errorf("in force: %s", got)
	}
}

func TestTryingListsKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t)
	base := v.Get("/city/berlin").Form("/city/berlin").Get("base")
	page := try(v, "title", "", "about", "<b>neu</b>", "note", "weil", "freshness_minutes", "bald", "time_zone", "Europe/Berlin", "triggers", "eins\nzwei",
		"lang", "de", "try_text", "ein \"Text\"").Want(200)
	form := page.Form("/city/berlin")
	for name, want := range map[string]string{"base": base, "title": "", "about": "<b>neu</b>", "note": "weil", "freshness_minutes": "bald",
		"time_zone": "Europe/Berlin", "triggers": "eins\nzwei", "lang": "de", "try_text": "ein \"Text\"", "active": "on"} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	s.Save("berlin", 0, map[string]any{"about": "theirs"})
	v.Submit(page, "/city/berlin", "title", "Berlin").Want(http.StatusConflict, "theirs", "neu")
}

func TestTheReportsOfTheLastDayAreEvaluatedAgain(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": []string{"kontrolle"}})
	try(v).Want(200, "no reports from the last 7 days to compare with").WantNot("try_report")
	addReport(s, "berlin", "kontrolle vorvorige woche", true, 169*time.Hour)
	addReport(s, "ghent", "kontrolle in ghent", true, 0)
	chosen := addReport(s, "berlin", "kontrolle u8", true, time.Hour)
	addReport(s, "berlin", "tram steht", false, 2*time.Hour)
	addReport(s, "berlin", "schönes Wetter", false, 3*time.Hour)
	page := try(v, "triggers", "tram", "try_report", fmt.Sprint(chosen.ID)).Want(200, "3 reports of the last 7 days", "2 would be judged differently",
		"tram steht", "kontrolle u8", "trigger, line 1", fmt.Sprintf(`value="%d" selected`, chosen.ID)).
		WantNot("vorvorige", "ghent")
	if n := strings.Count(page.Text, `<p class="text">schönes Wetter`); n != 0 {
		t.Error("a report whose verdict stays is listed")
	}
	try(v, "triggers", "kontrolle").Want(200, "All of them would be judged as before")
	for _, id := range []string{"0", "-1", "nonsense", "99999999999", fmt.Sprint(chosen.ID + 1000)} {
		try(v, "try_report", id).Want(200)
	}
}

func TestAtMostFiftyReportsAreListed(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": []string{"kontrolle"}})
	for i := range 210 {
		addReport(s, "berlin", fmt.Sprintf("tram %d", i), false, 0)
	}
	page := try(v, "triggers", "tram").Want(200, "210 reports of the last 7 days", "210 would be judged differently", "Only the newest 50 are shown", "tram 160").
		WantNot(`<p class="text">tram 159`)
	if strings.Contains(page.Text, "· tram 9<") || !strings.Contains(page.Text, "· tram 10<") {
		t.Error("not the newest 200 reports are offered")
	}
}

func TestListsThatCannotBeUsedAreNotTried(t *testing.T) {
	t.Parallel()
	_, v, _ := frontendtest.Berlin(t)
	try(v, "triggers", "ok\n/(u8/", "try_text", "u8").Want(422, "Line 2: this is not a regular expression", "The lists cannot be used yet", `id="f-triggers-error"`)
	try(v, "triggers", strings.Repeat("x\n", 5000)).Want(422, "too many lines")
	try(v, "try_text", strings.Repeat("x ", 100_000)).Want(200)
	try(v, "base", strings.Repeat("x", 100_000), "note", strings.Repeat("ü", 10_000)).Want(200)
	try(v, "blocked", strings.Repeat("x", site.MaxBody)).Want(413)
}

func TestListsAreMeasuredBesideWhatWasLetThrough(t *testing.T) {
	t.Parallel()
	s, v, _ := frontendtest.Berlin(t, map[string]any{"triggers": []string{"kontrolle"}})
	addReport(s, "berlin", "kontrolle im zug", true, time.Hour)
	addReport(s, "berlin", "U8 zwei Blauwesten", false, 25*time.Hour)
	addReport(s, "berlin", "M10 kontrolle", true, 50*time.Hour)
	addReport(s, "berlin", "schönes Wetter", false, time.Hour)
	page := try(v, "triggers", "@line").Want(200, "4 reports of the last 7 days")
	rows := regexp.MustCompile(`<tr[^>]*><th scope="row">([^<]*)</th><td>(\d+)</td><td>(\d+)</td></tr>`).FindAllStringSubmatch(page.Text, -1)
	var got []string
	for _, row := range rows {
		got = append(got, row[1]+" "+row[2]+" "+row[3])
	}
	if want := "[passed 2 2 which name a line, a stop or a direction 1 2 held back 2 2 which name a line, a stop or a direction 1 0]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
