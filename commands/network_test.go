package commands_test

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/commands"
	"linienfunk/settings"
	lines "linienfunk/transit/network"
)

// present returns the settings in force.
func (w *world) present() map[string]any {
	w.t.Helper()
	return w.must(w.owner(), "settings show").(commands.CitySettings).Settings
}

func TestANetworkIsMadeOfListsAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if now := w.change("transit lists", "lines", "U8: Mill Lane, Harbour", "stops", "Mill Lane = Milly"); !now.Changed || now.Settings["network"] == "" {
		t.Errorf("%+v", now)
	}
	if now := w.change("transit names", "names", "Harbour = Quay"); now.Settings["stop_names"].([]any)[0] != "Harbour = Quay" {
		t.Errorf("%+v", now)
	}
	if now := w.change("transit names", "names", " \n"); now.Settings["stop_names"] != nil {
		t.Errorf("%+v", now)
	}
	if now := w.change("transit remove"); now.Settings["network"] != nil {
		t.Errorf("%+v", now)
	}
	if again := w.change("transit remove"); again.Changed {
		t.Errorf("%+v", again)
	}
	if r := w.must(w.owner(), "transit unfollow").(commands.Unfollowed); r.Follows {
		t.Errorf("%+v", r)
	}
}

func TestMistakesInListsAreNamedByTheLineThatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.run(w.owner(), "transit lists", "lines", "\n\nU8: Mill Lane", "stops", "Harbour =")
	found := map[string]int{}
	for _, one := range commands.AsRefusals(err) {
		found[one.Param] = one.Setting.Line
	}
	if len(found) != 2 || found["lines"] != 3 || found["stops"] != 1 {
		t.Errorf("%v: %v", found, err)
	}
	_, err = w.run(w.owner(), "transit names", "names", "\nHarbour =")
	if settings := commands.AsRefusals(err).Settings(); len(settings) != 1 || settings[0].Line != 2 {
		t.Errorf("%v", err)
	}
	if got := w.refused(w.owner(), "transit lists", "lines", "", "stops", "\n"); got != "invalid lines" {
		t.Error(got)
	}
}

func TestAPartOfTheFeedThatWasReadLastIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.refused(w.owner(), "transit choose"); got != "not-found feed" {
		t.Error(got)
	}
	feed, err := lines.FromLists("U8: Mill Lane, Harbour\nM4: Harbour, Zoo", "")
	w.check(err)
	w.check(w.networks.Offer(t.Context(), "bern", "gtfs.zip", feed))
	for _, one := range []struct {
		args []any
		want string
	}{
		{[]any{"feed", strings.Repeat("0", 64)}, "not-found feed"}, {[]any{"kinds", ""}, "invalid kinds"}, {[]any{"agencies", "\n"}, "invalid agencies"},
		{[]any{"center", "Atlantis", "radius", "5"}, "invalid center"}, {[]any{"center", "52.5, 13.4", "radius", "far"}, "invalid radius"},
		{[]any{"center", "0, 0", "radius", "1"}, "invalid"}, {[]any{"kinds", "tram"}, "invalid"},
	} {
		if got := w.refused(w.owner(), "transit choose", one.args...); got != one.want {
			t.Errorf("%v: %s", one.args, got)
		}
	}
	now := w.change("transit choose", "kinds", commands.Unnamed, "agencies", commands.Unnamed)
	part, err := w.networks.Load(t.Context(), now.Settings["network"].(string))
	w.check(err)
	if len(part.Lines) != 2 {
		t.Errorf("%+v", part)
	}
	if again := w.change("transit choose"); again.Changed {
		t.Errorf("everything is something else: %+v", again)
	}
}

func TestTriggersThatNobodyHasChangedBecomeThoseOfACityWithANetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change("transit lists", "lines", "U8")
	if got := w.present()["triggers"].([]any); len(got) != 1 {
		t.Errorf("those that an owner has chosen: %v", got)
	}
	w.change("transit remove")
	var start []any
	for _, one := range startTriggers(false) {
		start = append(start, one)
	}
	w.change("settings change", "changes", map[string]any{"triggers": start})
	w.change("transit lists", "lines", "U8")
	if got := w.present()["triggers"].([]any); !slices.Contains(got, any("@stop")) {
		t.Errorf("those of a new city: %v", got)
	}
}

// TestARefusalHasBothVersionsOfWhatAPageDoesNotMakeItself has a change whose document only the command knows.
func TestARefusalHasBothVersionsOfWhatAPageDoesNotMakeItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.must(w.owner(), "settings show").(commands.CitySettings)
	w.change("settings change", "changes", map[string]any{"title": "Bärn"})
	_, err := w.run(w.owner(), "transit lists", "lines", "U8", "base", seen.Hash)
	refusals := commands.AsRefusals(err)
	if len(refusals) != 1 || refusals[0].Now == nil || !strings.Contains(string(refusals[0].Seen), `"Bern"`) || strings.Contains(string(refusals[0].Seen), `"network"`) ||
		!strings.Contains(string(refusals[0].Wanted), `"network"`) {
		t.Errorf("%v", err)
	}
}

func startTriggers(network bool) []string { return settings.StartTriggers("en", network) }
