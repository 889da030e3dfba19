package settings

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	_ "time/tzdata" // so that every node knows the same zones
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
	"linienfunk/censor"
	"linienfunk/report"
	"linienfunk/settings/chain"
)

// Schema validates documents. All nodes and the storage must have the same Schema: each of them checks patches on its own, and all must
// come to the same result.
type Schema struct {
	// Compile compiles the lists together with the instance's. Whether it succeeds must not depend on the latter.
	Compile func(triggers, blocked []string) (*censor.Filter, error)
	// Options are the options of each bot, by the bot's name.
	Options map[string][]bots.Option
}

// zoneNames is the third column of zone.tab in the time zone database (https://www.iana.org/time-zones, public domain): one
// or more zones for each country.
//
//go:embed zones.txt
var zoneNames string

// Zones lists the time zones that a city can choose.
var Zones = sync.OnceValue(func() []string { return strings.Fields(zoneNames) })

// FieldError is an invalid field. TextID is the id of a text for users, Err the cause.
type FieldError struct {
	Field  string // see Fields
	Line   int    // the invalid line of a list, from 1; 0 if the field is invalid as a whole
	TextID string
	Err    error
}

func (e FieldError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s, line %d: %v", e.Field, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Field, e.Err)
}

// Errors lists all invalid fields of a document, in fieldOrder.
type Errors []FieldError

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Check validates a document that replaces another one, and compiles its lists. It returns Errors for an invalid document. Unknown
// fields are accepted if they are unchanged: they come from a newer version of the program, or from a bot that was removed.
func (s Schema) Check(before, document []byte) (Settings, *censor.Filter, error) {
	var found Errors
	doc, errs := decode(document)
	found = append(found, errs...)
	old, err := Fields(before)
	if err != nil {
		return doc, nil, err
	}
	fields, err := Fields(document) // Errors, if it is JSON at all
	if err != nil {
		return doc, nil, err
	}
	for _, field := range slices.SortedFunc(keys(fields), compareFields) {
		value := fields[field]
		say, err := s.checkField(field, value)
		was, had := old[field]
		tolerated := say == "settings-error-unknown" && had && reflect.DeepEqual(was, value)
		if err != nil && !tolerated && !hasError(found, field) {
			found = append(found, FieldError{Field: field, TextID: say, Err: err})
		}
	}
	errs, filter := s.checkValues(doc, found)
	if found = append(found, errs...); len(found) > 0 {
		slices.SortStableFunc(found, func(a, b FieldError) int { return compareFields(a.Field, b.Field) })
		return doc, nil, found
	}
	return doc, filter, nil
}

var (
	errUnknown = errors.New("is not a setting that this program knows")
	errType    = errors.New("has a value of the wrong type")
)

func hasError(found Errors, field string) bool {
	return slices.ContainsFunc(found, func(e FieldError) bool { return e.Field == field })
}

// checkField checks that a field is known, and the values of bots' options.
func (s Schema) checkField(field string, value any) (say string, err error) {
	parts := strings.SplitN(field, ".", 3)
	_, isList := value.([]string)
	options, isObject := value.(map[string]any)
	switch {
	case len(parts) == 1 && !slices.Contains(fieldOrder, field):
		return "settings-error-unknown", errUnknown
	case (field == "triggers" || field == "blocked" || field == "stop_names") && !isList:
		return "settings-error-type", errType
	case len(parts) == 1:
		return "", nil
	case len(parts) == 2 && isObject && len(options) == 0 && s.Options[parts[1]] != nil:
		return "", nil // no option is set
	}
	for _, option := range s.Options[parts[1]] {
		if len(parts) == 3 && option.Name == parts[2] {
			return "settings-error-option", option.Check(value)
		}
	}
	return "settings-error-unknown", errUnknown
}

// checkValues checks the values of the core's fields and compiles the lists.
func (s Schema) checkValues(doc Settings, unreadable Errors) (found Errors, filter *censor.Filter) {
	add := func(field, say string, err error) {
		if !hasError(unreadable, field) {
			found = append(found, FieldError{Field: field, TextID: say, Err: err})
		}
	}
	switch length := utf8.RuneCountInString(doc.Title); {
	case strings.TrimSpace(doc.Title) == "":
		add("title", "settings-error-empty", errors.New("is empty"))
	case length > MaxTitle:
		add("title", "settings-error-long", fmt.Errorf("has more than %d characters", MaxTitle))
	case strings.ContainsFunc(doc.Title, isControl):
		add("title", "settings-error-control", errors.New("must be one line without control characters"))
	}
	if !slices.Contains(languages, doc.Lang) {
		add("lang", "settings-error-lang", fmt.Errorf("must be one of %s", strings.Join(languages, ", ")))
	}
	if doc.TimeZone != "" && !slices.Contains(Zones(), doc.TimeZone) {
		add("time_zone", "settings-error-zone", errors.New("must be a time zone such as Europe/Zurich, or empty"))
	}
	if utf8.RuneCountInString(doc.About) > MaxAbout {
		add("about", "settings-error-long", fmt.Errorf("has more than %d characters", MaxAbout))
	}
	if strings.ContainsFunc(doc.About, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }) {
		add("about", "settings-error-control", errors.New("has control characters in it"))
	}
	filter, err := s.Compile(doc.Triggers, doc.Blocked)
	found = append(found, listErrors(err)...)
	found = append(found, checkNetwork(doc)...)
	if doc.FreshnessMinutes < MinFreshness || doc.FreshnessMinutes > MaxFreshness {
		add("freshness_minutes", "settings-error-range", fmt.Errorf("must be between %d and %d", MinFreshness, MaxFreshness))
	}
	if n := doc.HoldMany; n < 0 || n > MaxHoldMany {
		add("hold_many", "settings-error-range", fmt.Errorf("must be between 0 and %d", MaxHoldMany))
	}
	if n := doc.Flags; n != nil && (*n < 0 || *n > MaxFlags) {
		add("flags", "settings-error-range", fmt.Errorf("must be between 0 and %d", MaxFlags))
	}
	if n := doc.RepeatMinutes; n != nil && (*n < 0 || *n > MaxRepeat) {
		add("repeat_minutes", "settings-error-range", fmt.Errorf("must be between 0 and %d", MaxRepeat))
	}
	if doc.RetentionHours < MinRetention || doc.RetentionHours > MaxRetention {
		add("retention_hours", "settings-error-range", fmt.Errorf("must be between %d and %d", MinRetention, MaxRetention))
	}
	return found, filter
}

// isControl also covers characters that change the direction of the text after them (https://www.unicode.org/reports/tr36/).
func isControl(r rune) bool {
	return unicode.IsControl(r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// listErrors converts the joined errors of censor.Compile.
func listErrors(err error) Errors {
	if err == nil {
		return nil
	}
	var line *censor.LineError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all Errors
		for _, one := range joined.Unwrap() {
			all = append(all, listErrors(one)...)
		}
		return all
	}
	if !errors.As(err, &line) {
		return Errors{{Field: string(report.Triggers), TextID: "settings-error-line", Err: err}}
	}
	say := "settings-error-line"
	if line.Line == 0 {
		say = "settings-error-list-long"
	}
	return Errors{{Field: string(line.List), Line: line.Line, TextID: say, Err: line.Err}}
}

// decode reads a document as far as possible and returns the fields of the wrong type.
func decode(document []byte) (Settings, Errors) {
	doc := Settings{Lang: languages[0], FreshnessMinutes: 30, RetentionHours: 24, Bots: map[string]bots.Options{}}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(document, &values); err != nil {
		return doc, Errors{{TextID: "settings-error-json", Err: err}}
	}
	var found Errors
	for field, target := range doc.fieldPointers() {
		text, ok := values[field]
		if !ok {
			continue
		}
		if err := json.Unmarshal(text, target); err != nil || string(text) == "null" {
			found = append(found, FieldError{Field: field, TextID: "settings-error-type", Err: errType})
		}
	}
	slices.SortFunc(found, func(a, b FieldError) int { return cmp.Compare(a.Field, b.Field) })
	return doc, found
}

// Document returns the settings as a document in canonical form.
func (s Settings) Document() ([]byte, error) {
	if s.Triggers == nil {
		s.Triggers = []string{}
	}
	if s.Blocked == nil {
		s.Blocked = []string{}
	}
	if s.Bots == nil {
		s.Bots = map[string]bots.Options{}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return chain.Canonical(text)
}

// options returns the values of a bot's options, with defaults for those that the city has not set.
func (s Schema) options(doc Settings, bot string) bots.Options {
	values := bots.Defaults(s.Options[bot])
	for _, option := range s.Options[bot] {
		if value, ok := doc.Bots[bot][option.Name]; ok && option.Check(value) == nil {
			values[option.Name] = value
		}
	}
	return values
}

// defaults returns the default values of each bot's options.
func (s Schema) defaults() map[string]bots.Options {
	all := make(map[string]bots.Options, len(s.Options))
	for bot, options := range s.Options {
		all[bot] = bots.Defaults(options)
	}
	return all
}
