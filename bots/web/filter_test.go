package web

import (
	"strings"
	"testing"

	"linienfunk/report"
)

func TestTheFilterShowsSomeLinesAndStops(t *testing.T) {
	t.Parallel()
	onLine := report.Reading{Lines: []report.Line{{Name: "U8"}}, Directions: []report.Stop{{Name: "Wittenau"}}}
	atStop := report.Reading{Stops: []report.Stop{{Name: "Hermannplatz", Lines: []report.Line{{Name: "U7"}, {Name: "U 8"}}}}}
	for _, tt := range []struct {
		name, filter string
		means        report.Reading
		want         bool
	}{
		{"no filter", " , ", onLine, true},
		{"the line", "U8", onLine, true},
		{"the line as somebody writes it", " u 8 ", onLine, true},
		{"a line that begins so", "U", onLine, false},
		{"a longer line", "U80", onLine, false},
		{"one of several", "M10, u8", onLine, true},
		{"the direction", "wittenau", onLine, true},
		{"part of a stop", "hermann", atStop, true},
		{"a line at the stop", "u8", atStop, true},
		{"a line elsewhere", "u9", atStop, false},
		{"a stop whose name has signs only", "u9", report.Reading{Lines: []report.Line{{Name: "U8"}}, Stops: []report.Stop{{Name: "★"}}}, false},
		{"without accents", "konigstra, iyi", report.Reading{Stops: []report.Stop{{Name: "Königstraße"}}}, true},
		{"with accents of their own", "Ko\u0308nig", report.Reading{Stops: []report.Stop{{Name: "Königstraße"}}}, true},
		{"a dotted capital", "izmir", report.Reading{Stops: []report.Stop{{Name: "İzmir"}}}, true},
		{"a report without a place", "u9", report.Reading{Kind: "inspectors"}, true},
	} {
		if got := shows(tt.filter, tt.means); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestWithoutJavaScriptAPageHasTheFilteredList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sight(t, "1", "Kontrolle U8", report.Reading{Lines: []report.Line{u8}}, nil)
	f.sight(t, "2", "Kontrolle M10", report.Reading{Lines: []report.Line{{Name: "M10"}}}, nil)
	page := f.get(t, "/c/ghent/web/list?only=m10").body
	if strings.Contains(page, "Kontrolle U8") || !strings.Contains(page, "Kontrolle M10") || !strings.Contains(page, `value="m10"`) {
		t.Error(page)
	}
	if page := f.get(t, "/c/ghent/web/list?only=M2").body; !strings.Contains(page, "No reports about these") {
		t.Error(page)
	}
}
