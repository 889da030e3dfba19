package settings_test

import (
	"fmt"
	"testing"

	"linienfunk/bots"
)

func TestACitysOptionsAreItsOwn(t *testing.T) {
	t.Parallel()
	_, _, n := started(t, "ghent", "zuerich")
	cities := n.Cities("fake")
	before, _, err := cities.City(t.Context(), "zuerich")
	if err != nil {
		t.Fatal(err)
	}
	changed, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "bots", map[string]bots.Options{"fake": {"repost": "copy"}}))
	if err != nil {
		t.Fatal(err)
	}
	waitForVersion(t, changed, n)
	all, err := cities.All(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for i, want := range []struct{ city, repost string }{{"ghent", "boost"}, {"zuerich", "copy"}} {
		if got := all[i]; got.Name != want.city || got.Options.Text("repost") != want.repost || got.Options.Number("budget") != 5 {
			t.Errorf("%s: %v, want %v", got.Name, got.Options, want)
		}
	}
	if before.Options.Text("repost") != "boost" {
		t.Errorf("before the change: %v", before.Options)
	}
}

func TestACitysTimeZoneIsTheOneOfItsSettings(t *testing.T) {
	t.Parallel()
	_, _, n := started(t, "zuerich")
	zone := func() string {
		city, _, err := n.Cities("fake").City(t.Context(), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		if city.Zone == nil {
			return ""
		}
		return city.Zone.String()
	}
	for _, want := range []string{"", "Europe/Zurich", "America/Lima", ""} {
		if want != zone() {
			changed, err := n.Submit(t.Context(), edit(t, get(t, n, "zuerich"), "time_zone", want))
			if err != nil {
				t.Fatal(err)
			}
			waitForVersion(t, changed, n)
		}
		if got := zone(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestListingManyCitiesTakesLittleMemory(t *testing.T) {
	const cities = 50
	names := make([]string, cities)
	for i := range names {
		names[i] = fmt.Sprintf("city%02d", i)
	}
	_, _, n := started(t, names...)
	view := n.Cities("fake")
	got := testing.AllocsPerRun(10, func() {
		if all, err := view.All(t.Context()); err != nil || len(all) != cities {
			t.Errorf("%d cities, %v", len(all), err)
		}
	})
	if got > 3*cities/2 {
		t.Errorf("%v allocations for %d cities", got, cities)
	}
}
