package settings_test

import (
	"errors"
	"strings"
	"testing"

	"linienfunk/censor"
	"linienfunk/settings"
)

func TestTheFieldsOfANetworkAreChecked(t *testing.T) {
	t.Parallel()
	schema := settings.Schema{Compile: censor.Compile}
	first, err := settings.Default("berlin", "de").Document()
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"a network":          {map[string]any{"network": hash, "stop_names": []string{"Mill = M", "", "Harbour = Docks, Port"}}, ""},
		"no network":         {map[string]any{"network": "", "stop_names": []string{}}, ""},
		"no hash":            {map[string]any{"network": "x"}, "network: must be 64 hexadecimal digits, or empty"},
		"a number":           {map[string]any{"network": 7}, "network: has a value of the wrong type"},
		"no list":            {map[string]any{"stop_names": "Mill = M"}, "stop_names: has a value of the wrong type"},
		"wrong lines":        {map[string]any{"stop_names": []string{"Mill = M", "= X", "Mill = N"}}, `stop_names, line 2: the name of a stop must stand before =; stop_names, line 3: "Mill" stands in line 1 already`},
		"more than the most": {map[string]any{"stop_names": make([]string, settings.MaxStopNames+1)}, "stop_names: has more than 5000 lines"},
	} {
		document, err := settings.With(first, c.changes)
		if err != nil {
			t.Fatal(err)
		}
		doc, _, err := schema.Check(first, document)
		if got := errorText(err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if name == "a network" && (doc.Network != hash || len(doc.StopNames) != 3) {
			t.Errorf("%+v", doc)
		}
	}
}

func errorText(err error) string {
	var found settings.Errors
	switch {
	case err == nil:
		return ""
	case errors.As(err, &found):
		return found.Error()
	}
	return "not Errors: " + err.Error()
}
