package external

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linienfunk/report"
)

// Limits of what a program hands in.
const (
	maxMessage = 32 << 10
	maxID      = 128
	maxAuthor  = 200 // characters
	maxURL     = 500 // characters
	maxAhead   = 5 * time.Minute
	maxAge     = 48 * time.Hour
)

// The values of type.
const (
	typeReport     = "report"
	typeEdit       = "edit"
	typeWithdrawal = "withdrawal"
)

// problem is what is wrong with a message: a sentence for the author of the program. It quotes no values.
type problem struct {
	field string        // empty if it is about the whole message
	text  string        // what would be right
	after time.Duration // the same message may be right then; 0 for never
}

func (p *problem) Error() string {
	if p.field == "" {
		return p.text
	}
	return p.field + ": " + p.text
}

// readHandedIn reads a message of a program strictly: what it does not say exactly is an error. Author is what the program has given, not a
// pseudonym. Every error is a *problem.
func readHandedIn(data []byte, now time.Time) (report.Report, error) {
	fields, err := readObject(data)
	if err != nil {
		return report.Report{}, err
	}
	kind, err := fields.text("type", true)
	if err != nil {
		return report.Report{}, err
	}
	switch kind {
	case typeWithdrawal:
		if err := fields.only("type", "id"); err != nil {
			return report.Report{}, err
		}
		id, err := fields.id()
		return report.Report{ID: id, At: now, Withdrawn: report.ByAuthor}, err
	case typeReport:
		if err := fields.only("type", "id", "text", "at", "author", "private", "url"); err != nil {
			return report.Report{}, err
		}
		return fields.report(now)
	}
	return report.Report{}, &problem{field: "type", text: `wants "report" or "withdrawal"`}
}

func (o object) report(now time.Time) (r report.Report, err error) {
	if r.ID, err = o.id(); err != nil {
		return r, err
	}
	if r.Text, err = o.reportText(); err != nil {
		return r, err
	}
	if r.At, err = o.at(now); err != nil {
		return r, err
	}
	if r.Author, err = o.text("author", false); err != nil {
		return r, err
	}
	if utf8.RuneCountInString(r.Author) > maxAuthor {
		return r, &problem{field: "author", text: fmt.Sprintf("wants at most %d characters", maxAuthor)}
	}
	if r.Private, err = o.flag("private"); err != nil {
		return r, err
	}
	if r.URL, err = o.address(); err != nil {
		return r, err
	}
	if r.Private && r.URL != "" {
		return r, &problem{field: "url", text: "must be missing if private is true: the address would be published"}
	}
	return r, nil
}

func (o object) id() (string, error) {
	id, err := o.text("id", true)
	if err != nil {
		return "", err
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return "", &problem{field: "id", text: "wants printable ASCII characters without spaces"}
		}
	}
	if id == "" || len(id) > maxID {
		return "", &problem{field: "id", text: fmt.Sprintf("wants 1 to %d characters, not %d", maxID, len(id))}
	}
	return id, nil
}

func (o object) reportText() (string, error) {
	text, err := o.text("text", true)
	if err != nil {
		return "", err
	}
	if len(text) > report.MaxText {
		return "", &problem{field: "text", text: fmt.Sprintf("wants at most %d bytes, not %d", report.MaxText, len(text))}
	}
	if text = report.Clean(text); text == "" {
		return "", &problem{field: "text", text: "wants something to read"}
	}
	return text, nil
}

// timeForm is that of RFC 3339: time.Parse also takes 2026-11-28T7:05:00Z, and a comma before fractions of a second.
var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

func (o object) at(now time.Time) (time.Time, error) {
	text, err := o.text("at", true)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil, !timeForm.MatchString(text):
		return time.Time{}, &problem{field: "at", text: "wants a time as in RFC 3339, such as 2026-11-28T17:05:00Z"}
	case at.After(now.Add(maxAhead)): // our clock may be wrong, too
		return time.Time{}, &problem{field: "at", text: "wants a time that has come; is the program's clock right?", after: time.Minute}
	case at.Before(now.Add(-maxAge)):
		return time.Time{}, &problem{field: "at", text: fmt.Sprintf("wants a time within the last %d hours", int(maxAge.Hours()))}
	}
	return at.UTC(), nil
}

func (o object) address() (string, error) {
	text, err := o.text("url", false)
	if err != nil || !o.has("url") {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || !strings.HasPrefix(text, "https://") || strings.ContainsAny(text, " \t\n<>\"") {
		return "", &problem{field: "url", text: "wants an address that begins with https:// and a host"}
	}
	if utf8.RuneCountInString(text) > maxURL {
		return "", &problem{field: "url", text: fmt.Sprintf("wants at most %d characters", maxURL)}
	}
	return text, nil
}

// object is a JSON object whose fields are there once and not null.
type object map[string]json.RawMessage

// readObject reads one object and nothing else. Go's decoder alone would take a field twice, in another case, as null, or with broken UTF-8.
func readObject(data []byte) (object, error) {
	if len(data) > maxMessage {
		return nil, &problem{text: fmt.Sprintf("the message wants at most %d bytes, not %d", maxMessage, len(data))}
	}
	if !utf8.Valid(data) {
		return nil, &problem{text: "the message wants to be UTF-8"}
	}
	if report.LoneSurrogate(data) >= 0 {
		return nil, &problem{text: `the message wants whole characters: an escape such as \ud83d comes before its other half, such as \ude8b`}
	}
	broken := &problem{text: `the message wants to be one JSON object, such as {"type":"withdrawal","id":"4711"}`}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, broken
	}
	fields := object{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, broken
		}
		if fields.has(name) {
			return nil, &problem{field: shown(name), text: "is there twice"}
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, broken
		}
		fields[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, broken
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, broken
	}
	return fields, nil
}

func (o object) has(name string) bool { _, ok := o[name]; return ok }

// only returns an error for a field that has another name.
func (o object) only(names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(names, name) {
			return &problem{field: shown(name), text: "is no field of this type of message, which may have " + strings.Join(names, ", ")}
		}
	}
	return nil
}

// text returns a field that is a string; "" if it is missing and not required.
func (o object) text(name string, required bool) (value string, err error) {
	raw, ok := o[name]
	switch {
	case !ok && required:
		return "", &problem{field: name, text: "is missing"}
	case !ok:
		return "", nil
	case raw[0] != '"' || json.Unmarshal(raw, &value) != nil:
		return "", &problem{field: name, text: "wants a string, not " + kindOf(raw)}
	}
	return value, nil
}

// flag returns a field that is true or false; false if it is missing.
func (o object) flag(name string) (value bool, err error) {
	raw, ok := o[name]
	if ok && (string(raw) == "null" || json.Unmarshal(raw, &value) != nil) {
		return false, &problem{field: name, text: "wants true or false, not " + kindOf(raw)}
	}
	return value, nil
}

// kindOf names the type of a JSON value.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return string(raw)
	case 'n':
		return "null"
	}
	return "a number"
}

// shown makes the name of an unknown field short and printable.
func shown(name string) string {
	quoted := fmt.Sprintf("%+q", report.Cut(name, 40))
	if name == "" {
		return quoted
	}
	return quoted[1 : len(quoted)-1]
}
