package commands_test

import (
	"testing"

	"linienfunk/commands"
)

func TestSettingsAreChangedByAMergePatchOfTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.must(w.owner(), "settings show").(commands.CitySettings)
	if seen.City != "bern" || seen.Hash == "" || seen.Settings["title"] != "Bern" {
		t.Fatalf("%+v", seen)
	}
	change := func(changes map[string]any) (commands.CitySettings, error) {
		result, err := w.run(w.owner(), "settings change", "base", seen.Hash, "changes", changes)
		if err != nil {
			return commands.CitySettings{}, err
		}
		return result.(commands.CitySettings), nil
	}
	now, err := change(map[string]any{"title": "Bärn", "triggers": []any{"kontrolle", "post"}})
	w.check(err)
	if now.Hash == seen.Hash || now.Settings["title"] != "Bärn" || len(now.Settings["triggers"].([]any)) != 2 {
		t.Errorf("%+v", now)
	}
	if _, err := change(map[string]any{"title": "Bern"}); commands.AsRefusals(err) == nil || commands.AsRefusals(err)[0].Reason != commands.Outdated {
		t.Errorf("of a version that is not the present one: %v", err)
	}
	same := w.must(w.owner(), "settings change", "changes", map[string]any{"title": "Bärn"}).(commands.CitySettings)
	if same.Hash != now.Hash {
		t.Errorf("no change is a version: %+v", same)
	}
}

func TestAWrongSettingIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, one := range []struct {
		changes any
		want    string
	}{
		{map[string]any{"title": nil}, "title"}, {map[string]any{"titel": "x"}, "titel"}, {map[string]any{"triggers": []any{"a", "/[/"}}, "triggers"},
		{map[string]any{"freshness_minutes": "30"}, "freshness_minutes"}, {map[string]any{"bots": map[string]any{"nobody": map[string]any{"x": 1}}}, "bots.nobody.x"},
		{"{", ""}, {[]any{1}, ""}, {nil, ""},
	} {
		_, err := w.run(w.owner(), "settings change", "changes", one.changes)
		refusals := commands.AsRefusals(err)
		if len(refusals) == 0 || refusals[0].Param != "changes" || refusals[0].Field != one.want {
			t.Errorf("%v: %v", one.changes, err)
		}
	}
	if s := w.must(w.owner(), "settings show").(commands.CitySettings); s.Settings["title"] != "Bern" {
		t.Errorf("%+v", s)
	}
}
