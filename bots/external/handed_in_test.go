package external

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"linienfunk/report"
)

var noon = time.Date(2026, 11, 28, 17, 6, 0, 0, time.UTC)

func TestAMessageThatIsRightBecomesAReport(t *testing.T) {
	t.Parallel()
	handedIn := schema(t, "handed-in")
	for text, want := range map[string]report.Report{
		`{"type":"report","id":"1","text":"Kontrolle U8","at":"2026-11-28T17:05:00Z"}`: {ID: "1", Text: "Kontrolle U8", At: noon.Add(-time.Minute)},
		` { "at" : "2026-11-28T18:05:00+01:00", "text":" Kontrolle\r\nU8\u0007 ", "type":"report", "id":"a/b:~", "author":"marta", "private":true } `: {
			ID: "a/b:~", Text: "Kontrolle\nU8", At: noon.Add(-time.Minute), Author: "marta", Private: true},
		`{"type":"report","id":"1","text":"ü","at":"2026-11-28T17:10:59.5Z","url":"https://forum.example/4711","private":false,"author":""}`: {
			ID: "1", Text: "ü", At: noon.Add(4*time.Minute + 59*time.Second + 500*time.Millisecond), URL: "https://forum.example/4711"},
		`{"type":"withdrawal","id":"1"}`: {ID: "1", At: noon, Withdrawn: report.ByAuthor},
	} {
		got, err := readHandedIn([]byte(text), noon)
		if err != nil || got.ID != want.ID || got.Text != want.Text || !got.At.Equal(want.At) || got.Author != want.Author || got.Private != want.Private || got.URL != want.URL || got.Withdrawn != want.Withdrawn {
			t.Errorf("%s\n%+v, %v", text, got, err)
		}
		if err := handedIn.Validate(value(t, []byte(text))); err != nil {
			t.Errorf("the schema does not allow %s: %v", text, err)
		}
	}
}

func TestAnErrorInAMessageSaysWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	const rest = `,"text":"Kontrolle","at":"2026-11-28T17:05:00Z"}`
	for text, want := range map[string]string{
		``:                                "one JSON object",
		`null`:                            "one JSON object",
		`[]`:                              "one JSON object",
		`{"type":"report"`:                "one JSON object",
		`{"type":"report"}{}`:             "one JSON object",
		`{"type":"report",}`:              "one JSON object",
		"{\"type\":\"rep\xffort\"}":       "UTF-8",
		`{"type":"report","id":"\ud83d"}`: "other half",
		`{"type":"` + strings.Repeat("x", maxMessage) + `"}`: "at most 32768 bytes",
		`{}`:                       "type: is missing",
		`{"type":null}`:            "type: wants a string, not null",
		`{"type":1}`:               "type: wants a string, not a number",
		`{"type":"Report"}`:        `type: wants "report" or "withdrawal"`,
		`{"type":"edit","id":"1"}`: `type: wants "report" or "withdrawal"`,
		`{"Type":"report"}`:        "type: is missing",
		`{"type":"withdrawal"}`:    "id: is missing",
		`{"type":"withdrawal","id":"1","text":"x"}`:                                                         "text: is no field of this type",
		`{"type":"report","type":"report"}`:                                                                 "type: is there twice",
		`{"type":"report","city":"ghent","id":"1"` + rest:                                                   "city: is no field of this type of message, which may have type, id, text",
		`{"type":"report","bot":"mastodon","id":"1"` + rest:                                                 "bot: is no field",
		`{"type":"report","means":{},"id":"1"` + rest:                                                       "means: is no field",
		`{"type":"withdrawal","id":"1","":1}`:                                                               `"": is no field`,
		`{"type":"report","ID":"1"` + rest:                                                                  "ID: is no field",
		`{"type":"report"` + rest:                                                                           "id: is missing",
		`{"type":"report","id":4711` + rest:                                                                 "id: wants a string, not a number",
		`{"type":"report","id":["1"]` + rest:                                                                "id: wants a string, not a list",
		`{"type":"report","id":{"x":1}` + rest:                                                              "id: wants a string, not an object",
		`{"type":"report","id":true` + rest:                                                                 "id: wants a string, not true",
		`{"type":"report","id":""` + rest:                                                                   "id: wants 1 to 128 characters, not 0",
		`{"type":"report","id":"` + strings.Repeat("x", 129) + `"` + rest:                                   "id: wants 1 to 128 characters, not 129",
		`{"type":"report","id":"a b"` + rest:                                                                "id: wants printable ASCII",
		`{"type":"report","id":"ü"` + rest:                                                                  "id: wants printable ASCII",
		`{"type":"report","id":"1","text":null,"at":"2026-11-28T17:05:00Z"}`:                                "text: wants a string, not null",
		`{"type":"report","id":"1","text":" \n\u200b\u0000 ","at":"x"}`:                                     "at: wants a time",
		`{"type":"report","id":"1","text":" \n\u0000 ","at":"x"}`:                                           "text: wants something to read",
		`{"type":"report","id":"1","text":"` + strings.Repeat("ü", 4097) + `","at":"2026-11-28T17:05:00Z"}`: "text: wants at most 8192 bytes, not 8194",
		`{"type":"report","id":"1","text":"x"}`:                                                             "at: is missing",
		`{"type":"report","id":"1","text":"x","at":1795885500}`:                                             "at: wants a string, not a number",
		`{"type":"report","id":"1","text":"x","at":"2026-11-28T7:05:00Z"}`:                                  "at: wants a time as in RFC 3339",
		`{"type":"report","id":"1","text":"x","at":"2026-11-28 17:05"}`:                                     "at: wants a time as in RFC 3339",
		`{"type":"report","id":"1","text":"x","at":"2026-11-28T17:11:01Z"}`:                                 "at: wants a time that has come",
		`{"type":"report","id":"1","text":"x","at":"2026-11-26T17:05:59Z"}`:                                 "at: wants a time within the last 48 hours",
		`{"type":"report","id":"1","author":7` + rest:                                                       "author: wants a string, not a number",
		`{"type":"report","id":"1","author":"` + strings.Repeat("ü", 201) + `"` + rest:                      "author: wants at most 200 characters",
		`{"type":"report","id":"1","private":"yes"` + rest:                                                  "private: wants true or false, not a string",
		`{"type":"report","id":"1","private":null` + rest:                                                   "private: wants true or false, not null",
		`{"type":"report","id":"1","private":true,"url":"https://forum.example"` + rest:                     "url: must be missing",
		`{"type":"report","id":"1","url":"http://forum.example"` + rest:                                     "url: wants an address that begins with https://",
		`{"type":"report","id":"1","url":"https://marta@forum.example"` + rest:                              "url: wants an address",
		`{"type":"report","id":"1","url":"javascript:alert(1)"` + rest:                                      "url: wants an address",
		`{"type":"report","id":"1","url":""` + rest:                                                         "url: wants an address",
		`{"type":"report","id":"1","url":"https://x.example/` + strings.Repeat("x", 500) + `"` + rest:       "url: wants at most 500 characters",
		`{"type":"report","` + strings.Repeat("\\u001b[31m", 50) + `":1,"id":"1"` + rest:                    `\x1b[31m`,
	} {
		_, err := readHandedIn([]byte(text), noon)
		var wrong *problem
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || len(err.Error()) > 400 {
			t.Errorf("%.100s: %v, want %q", text, err, want)
			continue
		}
		if later := strings.Contains(want, "has come"); later != (wrong.after > 0) {
			t.Errorf("%s: again after %v", want, wrong.after)
		}
		if err := schema(t, "answer").Validate(value(t, refusal(wrong).data())); err != nil {
			t.Errorf("the schema does not allow the answer: %v", err)
		}
	}
}

// TestTheExampleOnThePageIsAsItSays checks the messages of docs/report-protocol.md against their schemas, and reads those that are handed in.
func TestTheExampleOnThePageIsAsItSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/report-protocol.md")
	must(t, err)
	blocks := regexp.MustCompile("(?ms)^```json (\\S+)\n(.*?)^```$").FindAllSubmatch(page, -1)
	if len(blocks) < 7 {
		t.Fatalf("%d messages on the page", len(blocks))
	}
	for _, block := range blocks {
		if err := schema(t, string(block[1])).Validate(value(t, block[2])); err != nil {
			t.Errorf("%s%v", block[2], err)
		}
		if string(block[1]) == "handed-in" {
			if _, err := readHandedIn(bytes.TrimSpace(block[2]), noon); err != nil {
				t.Errorf("%s%v", block[2], err)
			}
		}
		if string(block[1]) == "acknowledgement" {
			if err := readAcknowledgement(block[2]); err != nil {
				t.Errorf("%s%v", block[2], err)
			}
		}
	}
}

// FuzzHandedIn wants a report or a sentence for any bytes, and agrees with the schema about what is a report.
func FuzzHandedIn(f *testing.F) {
	for _, seed := range []string{
		`{"type":"report","id":"post-4711","text":"Kontrolle U8","at":"2026-11-28T17:05:00Z","author":"marta","private":false,"url":"https://forum.example/1"}`,
		`{"type":"withdrawal","id":"post-4711"}`, `{"type":"report","id":null}`, `{"a":{"a":[1,"x",null]},"a":2}`, `{"type":"report","id":"1","text":"\ud800","at":"2026-11-28T17:05:00Z"}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	handedIn := schema(f, "handed-in")
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readHandedIn(data, noon)
		if err != nil {
			var wrong *problem
			if !errors.As(err, &wrong) || wrong.text == "" || !utf8.Valid(refusal(wrong).data()) {
				t.Errorf("%v", err)
			}
			return
		}
		if r.ID == "" || r.Withdrawn == "" && (r.Text == "" || len(r.Text) > report.MaxText || r.At.After(noon.Add(maxAhead)) || r.At.Before(noon.Add(-maxAge)) || r.Private && r.URL != "") || r.City != "" || r.Bot != "" {
			t.Errorf("%+v", r)
		}
		if err := handedIn.Validate(value(t, data)); err != nil {
			t.Errorf("the schema does not allow %s: %v", data, err)
		}
	})
}

// FuzzAcknowledgement wants nil, or an error that says what to do, for any bytes; and nil for nothing that the schema does not allow.
func FuzzAcknowledgement(f *testing.F) {
	for _, seed := range []string{`{"taken":true}`, `{"error":"no"}`, `{"error":"later","retry_after":30}`, `{"taken":true,"error":"x"}`, `{"taken":false}`, `{"Taken":true}`, `{"taken":true,"taken":null}`} {
		f.Add([]byte(seed))
	}
	acknowledgement := schema(f, "acknowledgement")
	f.Fuzz(func(t *testing.T, data []byte) {
		if readAcknowledgement(data) == nil {
			if err := acknowledgement.Validate(value(t, data)); err != nil {
				t.Errorf("%s was an acknowledgement: %v", data, err)
			}
		}
	})
}

// schema compiles docs/schemas/<name>.json.
func schema(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiled, err := compiler.Compile(filepath.Join("../../docs/schemas", name+".json"))
	must(t, err)
	return compiled
}

// value decodes JSON as the schemas want it.
func value(t testing.TB, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}
