package api_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"linienfunk/api"
)

// FuzzBody checks that what is taken as an object is one for encoding/json as well, with the same names, and that nothing else is.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{}`, `{"city":"bern","text":"a"}`, `{"a":1,"a":2}`, `{"a":null}`, `[1]`, `null`, `{"a":{"b":[1e400]}}`, `{"a":1} {}`, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, `{"":0}`, `{`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		values, refused := api.Decode(body)
		var want map[string]json.RawMessage
		err := json.Unmarshal(body, &want)
		isObject := err == nil && want != nil && utf8.Valid(body)
		switch {
		case refused == "" && (!isObject || len(values) != len(want)):
			t.Errorf("%q is taken as %v, %v", body, values, err)
		case refused != "" && isObject && refused != "twice" && refused != "surrogate":
			t.Errorf("%q is refused: %s", body, refused)
		}
		for name := range values {
			if _, ok := want[name]; !ok {
				t.Errorf("%q has no %q", body, name)
			}
		}
	})
}
