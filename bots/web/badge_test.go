package web

import (
	"math"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

func TestABadgeReadsWellOnAnyColour(t *testing.T) {
	t.Parallel()
	for rgb := uint32(0); rgb <= 0xffffff; rgb += 0x010305 {
		ground, ink := luminance(rgb), luminance(0xffffff)
		if inkOn(rgb) == "#000000" {
			ink = 0
		}
		if contrast := (math.Max(ground, ink) + 0.05) / (math.Min(ground, ink) + 0.05); contrast < 4.5 {
			t.Fatalf("#%06x: %.2f", rgb, contrast)
		}
	}
}

func TestAPostShowsItsLinesOnTheirColoursItsStopsAndItsAge(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.incoming("ghent", "1", "kontrolle u8 kotti richtung <wittenau>")
	r.At = r.At.Add(-4 * time.Minute)
	r.Means = report.Reading{Lines: []report.Line{{Name: "U8", Kind: "subway", Color: "0A4C99"}, {Name: `<1">`, Color: `"/><x`}}, Stops: []report.Stop{{Name: "Kottbusser Tor"}}, Directions: []report.Stop{{Name: "Wittenau"}}}
	if _, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, r); err != nil {
		t.Fatal(err)
	}
	page := f.get(t, "/c/ghent/web/", "X-Lang", "en").body
	for _, part := range []string{`aria-label="U8"`, `fill="#0A4C99"`, `fill="#ffffff">U8<`, `aria-label="&lt;1&#34;&gt;"`, "<b>Kottbusser Tor → Wittenau</b>", ">4 minutes ago</time>", `class="new"`} {
		if !strings.Contains(page, part) {
			t.Errorf("there is no %s\n%s", part, page)
		}
	}
	if strings.Contains(page, "<x") {
		t.Error("a colour that is none is in the page")
	}
}

func TestWhatIsOverOrNotFreshIsBehindTheRest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	stale := f.incoming("ghent", "1", "stale")
	stale.At = stale.At.Add(-31 * time.Minute)
	over := f.incoming("ghent", "2", "over")
	over.Ended = over.At
	for _, r := range []report.Report{stale, over, f.incoming("ghent", "3", "now")} {
		if _, err := f.bot().Send(t.Context(), bots.Account{City: "ghent"}, r); err != nil {
			t.Fatal(err)
		}
	}
	now, past, _ := strings.Cut(f.get(t, "/c/ghent/web/").body, `id="reports-past"`)
	if strings.Contains(now, ">stale<") || strings.Contains(now, ">over<") || !strings.Contains(now, ">now<") || !strings.Contains(past, ">stale<") || !strings.Contains(past, ">over<") {
		t.Errorf("now: %s\npast: %s", now, past)
	}
}
