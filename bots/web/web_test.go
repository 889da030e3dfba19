package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
)

func accountOf(city string) bots.Account { return bots.Account{City: city} }

func TestPageShowsFormAndListAsSwitched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.send(t, "ghent", "1", `<script>alert("1")</script>`)
	const form, list = `action="/c/ghent/web/report"`, `data-live="/c/ghent/web/events" data-last="1"`
	tests := []struct {
		name        string
		form, list  bool
		status      int
		has, hasNot []string
	}{
		{"both", true, true, 200, []string{form, list, "&lt;script&gt;", `href="/c/ghent/feed.atom"`, `<li id="post-1"`, `<time datetime="`}, nil},
		{"list only", false, true, 200, []string{list}, []string{form}},
		{"form only", true, false, 200, []string{form}, []string{list, "feed.atom", "alert"}},
		{"nothing", false, false, 204, nil, []string{form, list}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f.SetOption(t, "ghent", "form", test.form)
			f.SetOption(t, "ghent", "list", test.list)
			got := f.get(t, "/c/ghent/web/")
			if got.status != test.status {
				t.Errorf("status %d", got.status)
			}
			for _, want := range test.has {
				if !strings.Contains(got.body, want) {
					t.Errorf("no %q in\n%s", want, got.body)
				}
			}
			for _, bad := range append(test.hasNot, "<script>", "style=", "onclick") {
				if strings.Contains(got.body, bad) {
					t.Errorf("%q in\n%s", bad, got.body)
				}
			}
		})
	}
}

func TestCityWithoutListHasNoAccountButItsFormWorks(t *testing.T) {
	t.Parallel()
	f, o := newFixture(t), &bottest.Outbox{}
	f.listen(t, o.Out)
	accounts := func() (cities []string) {
		all, err := f.bot().Accounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			cities = append(cities, a.City)
		}
		slices.Sort(cities)
		return cities
	}
	if got := accounts(); !slices.Equal(got, []string{"ghent", "zuerich"}) {
		t.Errorf("accounts %v", got)
	}
	f.SetOption(t, "ghent", "list", false)
	if got := accounts(); !slices.Equal(got, []string{"zuerich"}) {
		t.Errorf("accounts %v", got)
	}
	f.report(t, "ghent", f.openForm(t, "ghent"), "tram 1")
	f.SetOption(t, "zuerich", "form", false)
	if got := f.report(t, "zuerich", "", "tram 1"); got.status != http.StatusNotFound || strings.Contains(got.body, "<form") {
		t.Errorf("a form that is off: %d\n%s", got.status, got.body)
	}
	if n := len(o.All()); n != 1 {
		t.Errorf("%d reports", n)
	}
	f.SetActive("zuerich", false)
	if got := accounts(); len(got) != 0 {
		t.Errorf("accounts %v", got)
	}
	if got := f.get(t, "/c/zuerich/web/"); got.status != http.StatusNoContent {
		t.Errorf("page of a city that is off: %d", got.status)
	}
}

func TestScriptIsCachedForeverUnderItsHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	after := f.get(t, "/c/ghent/web/").body
	for _, word := range []string{"fetch(", "EventSource("} {
		_, after, _ = strings.Cut(after, `<script src="`)
		address, _, _ := strings.Cut(after, `"`)
		got := f.get(t, address)
		if got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || !strings.Contains(got.body, word) {
			t.Errorf("%s: %d %v", address, got.status, got.header)
		}
	}
	if got := f.get(t, "/c/ghent/web/live.js?v=old"); strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Error("the script of another version is kept for good")
	}
}

func TestBothLanguagesHaveAllTexts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"list-flag", "list-title", "option-form", "feed-title", "form-too-long"} {
		en, de := f.Core.Pages.Text("en", name, "City", "X", "Max", 5), f.Core.Pages.Text("de", name, "City", "X", "Max", 5)
		if en == name || de == name || en == de {
			t.Errorf("%s: %q and %q", name, en, de)
		}
	}
}
