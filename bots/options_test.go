package bots

import (
	"encoding/json"
	"testing"
)

func TestANumberIsAnIntegerWithinItsBounds(t *testing.T) {
	option := Option{Name: "budget", Kind: Number, Default: 5, Min: 1, Max: 900}
	for text, good := range map[string]bool{
		"1": true, "900": true, "5.0": true, "0": false, "901": false, "1.5": false, `"5"`: false, "true": false, "null": false, "1e300": false,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if err := option.Check(value); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := option.Check(option.Default); err != nil {
		t.Errorf("the default: %v", err)
	}
}

func TestTheDefaultOfANumberIsAFloatAsInADocument(t *testing.T) {
	values := Defaults([]Option{{Name: "budget", Kind: Number, Default: 5, Max: 900}})
	if values["budget"] != any(5.0) || values.Number("budget") != 5 || values.Number("other") != 0 {
		t.Errorf("got %v", values)
	}
}
