package settings_test

import (
	"encoding/json"
	"slices"
	"testing"

	"linienfunk/settings"
)

// doc encodes a document.
func doc(t *testing.T, value map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type m = map[string]any

func TestDiffListsTheChangedFields(t *testing.T) {
	t.Parallel()
	before := doc(t, m{"title": "Gent", "triggers": []string{"a", "b", "b"}, "bots": m{"web": m{"form": true}}, "active": true, "zzz": 1})
	after := doc(t, m{"title": "Ghent", "triggers": []string{"b", "c", "a"}, "bots": m{"web": m{"form": true, "list": false}}, "active": true, "zzz": 2})
	changes, err := settings.Diff(before, after)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, c := range changes {
		fields = append(fields, c.Field)
	}
	if !slices.Equal(fields, []string{"title", "triggers", "bots.web.list", "zzz"}) {
		t.Errorf("fields %v", fields)
	}
	if c := changes[1]; !c.Lines || !slices.Equal(c.Added, []string{"c"}) || !slices.Equal(c.Removed, []string{"b"}) {
		t.Errorf("%+v", c)
	}
	if c := changes[2]; c.Before != nil || c.After != false || c.Lines {
		t.Errorf("%+v", c)
	}
}

func TestCompareListsTheFieldsThatTwoEditorsChanged(t *testing.T) {
	t.Parallel()
	base := doc(t, m{"title": "Gent", "lang": "de", "about": "x", "triggers": []string{"a", "b", "c"}})
	mine := doc(t, m{"title": "Mine", "lang": "en", "about": "x", "triggers": []string{"a", "new", "b", "c"}})
	theirs := doc(t, m{"title": "Theirs", "lang": "en", "about": "y", "triggers": []string{"a", "c", "theirs"}})
	all, err := settings.Compare(base, mine, theirs)
	if err != nil {
		t.Fatal(err)
	}
	byField := map[string]settings.Conflict{}
	for _, c := range all {
		byField[c.Field] = c
	}
	if len(all) != 3 { // both changed the language to the same value
		t.Errorf("%d fields: %+v", len(all), all)
	}
	if c := byField["title"]; !c.Both || c.Base != "Gent" || c.Mine != "Mine" || c.Theirs != "Theirs" {
		t.Errorf("%+v", c)
	}
	if c := byField["about"]; c.Both || c.Changed.Mine || !c.Changed.Theirs || c.Mine != "x" {
		t.Errorf("%+v", c)
	}
	if c := byField["triggers"]; !c.Both || !slices.Equal(c.Merged, []string{"a", "new", "c", "theirs"}) {
		t.Errorf("%+v", c)
	}
}

func TestListsAreMergedLineByLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                      string
		base, mine, theirs, wants []string
	}{
		{"I add at the end", []string{"a"}, []string{"a", "b"}, []string{"a", "x"}, []string{"a", "b", "x"}},
		{"I add in front", []string{"a"}, []string{"b", "a"}, []string{"a", "x"}, []string{"b", "a", "x"}},
		{"I remove", []string{"a", "b"}, []string{"b"}, []string{"a", "b", "x"}, []string{"b", "x"}},
		{"both add the same", []string{"a"}, []string{"a", "b"}, []string{"b", "a"}, []string{"b", "a"}},
		{"both remove the same", []string{"a", "b"}, []string{"a"}, []string{"a"}, []string{"a"}},
		{"mine stands behind what they removed", []string{"a", "b"}, []string{"a", "b", "c"}, []string{"a"}, []string{"a", "c"}},
		{"from nothing", nil, []string{"a"}, []string{"b"}, []string{"a", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			all, err := settings.Compare(doc(t, m{"l": list(test.base)}), doc(t, m{"l": list(test.mine)}), doc(t, m{"l": list(test.theirs)}))
			if err != nil {
				t.Fatal(err)
			}
			if len(all) == 0 { // both made the same change
				if !slices.Equal(test.mine, test.theirs) {
					t.Error("no conflict")
				}
				return
			}
			if !slices.Equal(all[0].Merged, test.wants) {
				t.Errorf("%v", all[0].Merged)
			}
		})
	}
}

func list(lines []string) []string {
	if lines == nil {
		return []string{}
	}
	return lines
}

func TestAChangeIsUndoneUnlessALaterOneDependsOnIt(t *testing.T) {
	t.Parallel()
	before := m{"title": "Gent", "triggers": []string{"a", "b"}, "about": "x"}
	for _, test := range []struct {
		name       string
		after, now m
		wants      string
		blocked    []string
	}{
		{"nothing came after", m{"title": "Ghent", "triggers": []string{"a", "b"}, "about": "x"}, m{"title": "Ghent", "triggers": []string{"a", "b"}, "about": "x"}, `{"about":"x","title":"Gent","triggers":["a","b"]}`, nil},
		{"something else came after", m{"title": "Ghent", "triggers": []string{"a", "b"}, "about": "x"}, m{"title": "Ghent", "triggers": []string{"a"}, "about": "y"}, `{"about":"y","title":"Gent","triggers":["a"]}`, nil},
		{"the same field came after", m{"title": "Ghent", "triggers": []string{"a", "b"}, "about": "x"}, m{"title": "Gand", "triggers": []string{"a", "b"}, "about": "x"}, "", []string{"title"}},
		{"other lines came after", m{"title": "Gent", "triggers": []string{"a", "b", "c"}, "about": "x"}, m{"title": "Gent", "triggers": []string{"z", "a", "b", "c"}, "about": "x"}, `{"about":"x","title":"Gent","triggers":["z","a","b"]}`, nil},
		{"a removed line comes back", m{"title": "Gent", "triggers": []string{"b"}, "about": "x"}, m{"title": "Gent", "triggers": []string{"b", "c"}, "about": "x"}, `{"about":"x","title":"Gent","triggers":["a","b","c"]}`, nil},
		{"the added line was corrected", m{"title": "Gent", "triggers": []string{"a", "b", "c"}, "about": "x"}, m{"title": "Gent", "triggers": []string{"a", "b", "cc"}, "about": "x"}, "", []string{"triggers"}},
		{"the removed line is back", m{"title": "Gent", "triggers": []string{"b"}, "about": "x"}, m{"title": "Gent", "triggers": []string{"b", "a"}, "about": "x"}, "", []string{"triggers"}},
		{"a field was added", m{"title": "Gent", "triggers": []string{"a", "b"}, "about": "x", "lang": "de"}, m{"title": "Gent", "triggers": []string{"a", "b"}, "about": "x", "lang": "de"}, `{"about":"x","title":"Gent","triggers":["a","b"]}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, blocked, err := settings.Undo(doc(t, before), doc(t, test.after), doc(t, test.now))
			if err != nil || string(got) != test.wants || !slices.Equal(blocked, test.blocked) {
				t.Errorf("%s, blocked %v, %v", got, blocked, err)
			}
		})
	}
}
