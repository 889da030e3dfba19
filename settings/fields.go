package settings

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"linienfunk/settings/chain"
)

// fieldOrder is the order in which fields are shown.
var fieldOrder = []string{"active", "listed", "numbers", "title", "lang", "time_zone", "about", "triggers", "blocked", "network", "stop_names", "freshness_minutes", "newest_first", "repeat_minutes", "relay_ends", "retention_hours",
	"panic", "hold_all", "hold_new", "hold_links", "hold_many", "flags"}

// compareFields compares field names by fieldOrder; options of bots come last.
func compareFields(a, b string) int {
	rank := func(field string) int {
		if i := slices.Index(fieldOrder, field); i >= 0 {
			return i
		}
		return len(fieldOrder)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func keys(fields map[string]any) iter.Seq[string] { return maps.Keys(fields) }

// Fields splits a document into its fields by name; an option of a bot is named bots.<bot>.<option>. A list of strings is
// a []string; other values have the types of encoding/json.
func Fields(document []byte) (map[string]any, error) {
	var values map[string]any
	if err := json.Unmarshal(document, &values); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	fields := map[string]any{}
	for name, value := range values {
		byBot, ok := value.(map[string]any)
		switch {
		case strings.Contains(name, "."):
			return nil, dottedError(name)
		case name != "bots" || !ok:
			fields[name] = toStrings(value)
			continue
		}
		for bot, value := range byBot {
			if err := addOptions(fields, bot, value); err != nil {
				return nil, err
			}
		}
	}
	return fields, nil
}

func addOptions(fields map[string]any, bot string, value any) error {
	options, ok := value.(map[string]any)
	switch {
	case strings.Contains(bot, "."):
		return dottedError("bots." + bot)
	case !ok || len(options) == 0:
		fields["bots."+bot] = value
	}
	for option, value := range options {
		if strings.Contains(option, ".") {
			return dottedError("bots." + bot + "." + option)
		}
		fields["bots."+bot+"."+option] = toStrings(value)
	}
	return nil
}

// dottedError refuses a name that is ambiguous because of a dot.
func dottedError(name string) error {
	return Errors{{Field: name, TextID: "settings-error-unknown", Err: errUnknown}}
}

// toStrings converts a list of strings to a []string and returns any other value as it is.
func toStrings(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	lines := make([]string, len(list))
	for i, one := range list {
		if lines[i], ok = one.(string); !ok {
			return value
		}
	}
	return lines
}

// With returns the document, in canonical form, with some fields changed; nil removes a field.
func With(document []byte, changes map[string]any) ([]byte, error) {
	var values map[string]any
	if err := json.Unmarshal(document, &values); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if values == nil {
		return nil, errors.New("read document: it is null")
	}
	for field, value := range changes {
		setField(values, strings.SplitN(field, ".", 3), value)
	}
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	return chain.Canonical(text)
}

func setField(values map[string]any, path []string, value any) {
	switch {
	case len(path) > 1:
		inner, ok := values[path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			values[path[0]] = inner
		}
		setField(inner, path[1:], value)
	case value == nil:
		delete(values, path[0])
	case equal(value, []string(nil)):
		values[path[0]] = []string{} // not null
	default:
		values[path[0]] = value
	}
}
