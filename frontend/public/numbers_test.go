package public_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"linienfunk/db"
	"linienfunk/frontend/frontendtest"
	"linienfunk/report"
)

// numbered is a city with reports of yesterday, all of one moment: a number of each line and stop.
type numbered struct {
	*frontendtest.World
	at time.Time // in the city's time
}

func number(t *testing.T, reports map[string]int) numbered {
	t.Helper()
	s := numbered{World: frontendtest.New(t, frontendtest.TwoBots)}
	s.Admin("ada@example.org", "berlin")
	s.Save("berlin", 1, map[string]any{"time_zone": "Europe/Berlin"})
	zone, err := time.LoadLocation("Europe/Berlin")
	frontendtest.Check(t, err)
	s.at = s.Now().In(zone)
	var judged []db.Judged
	for name, count := range reports {
		for i := range count {
			r := report.Report{City: "berlin", Bot: "alpha", ID: fmt.Sprint(name, i), Text: "secret text", Author: "pseudonym", At: s.at}
			r.Means = report.Reading{Lines: []report.Line{{Name: name}}, Stops: []report.Stop{{Name: "<Stop> of " + name}}}
			judged = append(judged, db.Judged{Report: r, Verdict: report.Verdict{Passed: true}, Status: db.Queued, Bots: []string{"alpha"}, Zone: zone})
		}
	}
	if len(judged) > 0 {
		_, err = s.Site.DB.Record(t.Context(), judged...)
		frontendtest.Check(t, err)
	}
	s.Advance(24 * time.Hour)
	return s
}

func TestACitysNumbersAreShownFromFiveReportsUp(t *testing.T) {
	t.Parallel()
	s := number(t, map[string]int{"U8": 7, "M10": 5, "S3": 4})
	s.Visitor().Get("/c/berlin").Want(200, `href="/c/berlin/numbers"`)
	for _, v := range []*frontendtest.Visitor{s.Visitor(), s.VisitorAs("ada@example.org")} {
		page := v.Get("/c/berlin/numbers").Want(200, "Numbers", "at least 5 reports", "U8", "M10", "<Stop> of U8", "Europe/Berlin").
			WantNot("S3", "secret", "pseudonym")
		if strings.Index(page.Text, ">U8<") > strings.Index(page.Text, ">M10<") {
			t.Error("the line with the most reports is not first")
		}
		if strings.Contains(page.Raw, "<Stop>") {
			t.Error("a name is not escaped")
		}
		want := []string{"7", "5", "7", "5", "16"}
		if got := cells(t, page.Raw); !slices.Equal(got, want) {
			t.Errorf("the tables have %q, want %q", got, want)
		}
	}
	german := s.Visitor()
	german.Lang = "de"
	german.Get("/c/berlin/numbers").Want(200, "mindestens 5 Meldungen", "Haltestellen", "Mo")
}

// cells returns the cells of all tables that are not empty.
func cells(t *testing.T, page string) (full []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	frontendtest.Check(t, err)
	for node := range root.Descendants() {
		if node.Data == "td" && node.FirstChild != nil {
			full = append(full, node.FirstChild.Data)
		}
	}
	return full
}

func TestProgramsOfAllSitesReadACitysNumbers(t *testing.T) {
	t.Parallel()
	s := number(t, map[string]int{"U8": 7, "S3": 4})
	got := s.Visitor().Get("/c/berlin/numbers.json").Want(200)
	var numbers struct {
		City, Until string
		TimeZone    string `json:"time_zone"`
		Least       int
		Lines       []struct {
			Name    string
			Reports int
		}
		Hours []struct{ Weekday, Hour, Reports int }
	}
	frontendtest.Check(t, json.Unmarshal([]byte(got.Raw), &numbers))
	if fmt.Sprint(numbers.Lines) != "[{U8 7}]" || numbers.City != "berlin" || numbers.TimeZone != "Europe/Berlin" || numbers.Least != 5 {
		t.Errorf("got %+v", numbers)
	}
	if h := numbers.Hours; len(h) != 1 || fmt.Sprintf("%d-%02d", h[0].Weekday, h[0].Hour) != db.HourName(s.at) || h[0].Reports != 11 {
		t.Errorf("hours: %+v, want %s", h, db.HourName(s.at))
	}
	if strings.Contains(got.Raw, "S3") {
		t.Error("a line with 4 reports is told")
	}
	tag := got.Header.Get("ETag")
	if got.Header.Get("Access-Control-Allow-Origin") != "*" || tag == "" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("header: %v", got.Header)
	}
	s.Visitor().Get("/c/berlin/numbers.json", "If-None-Match", tag).Want(304)
	if asked := s.Visitor().Send("OPTIONS", "/c/berlin/numbers.json", "").Want(204); !strings.Contains(asked.Header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
		t.Errorf("to a browser that asks: %v", asked.Header)
	}
}

func TestACityWithoutReportsHasAPageThatSaysSo(t *testing.T) {
	t.Parallel()
	s := number(t, nil)
	s.Visitor().Get("/c/berlin/numbers").Want(200, "not enough reports").WantNot("<table")
	s.Visitor().Get("/c/berlin/numbers.json").Want(200, `"lines": []`, `"hours": []`)
}

func TestNumbersAreShownByActiveCitiesThatHaveThemOn(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"numbers", "active"} {
		s := number(t, map[string]int{"U8": 7})
		v := s.VisitorAs("ada@example.org")
		v.Submit(v.Get("/city/berlin").Want(200, `name="`+field+`" checked`), "/city/berlin", field, "").Want(200, "Saved.").WantNot(`name="` + field + `" checked`)
		for _, v := range []*frontendtest.Visitor{s.Visitor(), v} {
			v.Get("/c/berlin").Want(200).WantNot("/c/berlin/numbers")
			v.Get("/c/berlin/numbers").Want(404).WantNot("U8")
			v.Get("/c/berlin/numbers.json").Want(404).WantNot("U8")
		}
		s.Visitor().Get("/c/nowhere/numbers").Want(404)
	}
}

func TestAFormOfAPageWithoutNumbersLeavesThemAsTheyAre(t *testing.T) {
	t.Parallel()
	s := number(t, nil)
	v := s.VisitorAs("ada@example.org")
	v.Post("/city/berlin", s.Form("berlin", "title", "Bärlin")...).Want(200, "Saved.", `name="numbers" checked`)
}
