package commands

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/templates"
)

// Kind is the type of a parameter.
type Kind string

// The kinds.
const (
	Text   Kind = "text"   // a string of Min to Max characters
	Number Kind = "number" // a whole number from Min to Max
	Choice Kind = "choice" // one of Choices
	Switch Kind = "switch" // true or false
	Ref    Kind = "ref"    // names a report: by RefPattern
	Object Kind = "object" // a JSON object, as encoding/json reads it; people type it as JSON
)

// RefPattern is how reports are named: by the number that people see, with or without "#", or by the ID of a ReportStored, before which the network may be named that it is
// from: "mastodon:<id>".
const RefPattern = `^(#?[1-9][0-9]{0,17}|([a-z][a-z0-9]*:)?[0-9a-f]{32}\+?)$`

var refForm = regexp.MustCompile(RefPattern)

// Param is a parameter of a command. In a chat, values follow the command in this order; the last one, if it is a Text, takes all that is left.
type Param struct {
	Name     string // a-z and "_"
	Kind     Kind
	Required bool
	Min, Max int
	Choices  []string
	Default  any  // for one that is not required; nil for no value
	Lines    bool // a Text that may have several lines
	Exact    bool // a Text that keeps blanks and empty lines at its ends: mistakes in it are named by their line
	Person   bool // is known in a chat: it is who writes, and their network
	Program  bool // people in a chat do not write it: it is for programs that may repeat themselves
}

// check returns the value as the command gets it. Numbers may come as float64, as encoding/json reads them.
func (p Param) check(value any) (any, *Refusal) {
	switch p.Kind {
	case Number:
		n, ok := wholeNumber(value)
		switch {
		case !ok:
			return nil, wrong(p.Name, "refused-number", "Min", p.Min, "Max", p.Max)
		case n < p.Min || n > p.Max:
			return nil, wrong(p.Name, "refused-range", "Min", p.Min, "Max", p.Max)
		}
		return n, nil
	case Switch:
		on, ok := value.(bool)
		if !ok {
			return nil, wrong(p.Name, "refused-switch")
		}
		return on, nil
	case Object:
		object, ok := value.(map[string]any)
		if !ok {
			return nil, wrong(p.Name, "refused-object")
		}
		if place, found := hugeNumber(object); found {
			refusal := wrong(p.Name, "refused-number-range")
			refusal.Field = place
			return nil, refusal
		}
		return object, nil
	}
	text, ok := value.(string)
	if !ok {
		return nil, wrong(p.Name, "refused-text")
	}
	switch p.Kind {
	case Ref:
		if text = strings.TrimSpace(text); !refForm.MatchString(text) {
			return nil, wrong(p.Name, "refused-ref")
		}
		return strings.TrimPrefix(text, "#"), nil
	case Choice:
		if !slices.Contains(p.Choices, text) {
			return nil, wrong(p.Name, "refused-choice", "Choices", strings.Join(p.Choices, ", "))
		}
		return text, nil
	}
	return p.checkText(text)
}

func (p Param) checkText(text string) (any, *Refusal) {
	if !utf8.ValidString(text) {
		return nil, wrong(p.Name, "refused-utf8")
	}
	bad := func(r rune) bool { return unicode.IsControl(r) && (!p.Lines || r != '\n' && r != '\t') }
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !p.Exact {
		text = strings.TrimSpace(text)
	}
	if strings.ContainsFunc(text, bad) {
		return nil, wrong(p.Name, "refused-control")
	}
	switch n := utf8.RuneCountInString(text); {
	case n < p.Min && n == 0:
		return nil, wrong(p.Name, "refused-missing")
	case n < p.Min:
		return nil, wrong(p.Name, "refused-short", "Min", p.Min)
	case n > p.Max:
		return nil, wrong(p.Name, "refused-long", "Max", p.Max)
	}
	return text, nil
}

// hugeNumber finds a number beyond those of 64 bits in a value, which no document can have (RFC 8785). place is as Refusal.Field.
func hugeNumber(value any) (place string, found bool) {
	switch v := value.(type) {
	case json.Number:
		_, err := v.Float64()
		return "", err != nil
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if place, found := hugeNumber(v[name]); found {
				return strings.TrimSuffix(name+"."+place, "."), true
			}
		}
	case []any:
		for _, one := range v {
			if place, found := hugeNumber(one); found {
				return place, true
			}
		}
	}
	return "", false
}

func wholeNumber(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case float64:
		return int(n), n == math.Trunc(n) && math.Abs(n) < 1<<53
	case json.Number:
		i, err := strconv.Atoi(n.String())
		return i, err == nil
	}
	return 0, false
}

// IsToggle reports whether the parameter is the state that a command switches something to: on, if it is left out.
func (p Param) IsToggle() bool { return p.Kind == Switch && p.Default == true }

// Parse returns the value of a text that somebody has typed, for the kinds that are no text; what cannot be read stays a text, which check refuses.
func (p Param) Parse(typed string) any {
	typed = strings.TrimSpace(typed)
	switch p.Kind {
	case Number:
		if n, err := strconv.Atoi(strings.TrimPrefix(typed, "#")); err == nil {
			return n
		}
	case Switch:
		for _, lang := range templates.Languages {
			switch low := strings.ToLower(typed); {
			case slices.Contains(switchWords[lang][0], low):
				return true
			case slices.Contains(switchWords[lang][1], low):
				return false
			}
		}
	case Choice:
		return strings.ToLower(typed)
	case Object:
		var object map[string]any
		if json.Unmarshal([]byte(typed), &object) == nil && object != nil {
			return object
		}
	}
	return typed
}

// switchWords are what people write for on and off.
var switchWords = map[string][2][]string{
	"en": {{"on", "yes", "true", "1"}, {"off", "no", "false", "0"}},
	"de": {{"an", "ein", "ja"}, {"aus", "nein"}},
}

// values checks the values of a call, and adds defaults. All mistakes are reported at once.
func (c Command) values(args map[string]any) (map[string]any, Refusals) {
	checked := map[string]any{}
	var found Refusals
	for name := range args {
		if _, ok := c.Param(name); !ok {
			found = append(found, wrong(name, "refused-unknown", "Names", strings.Join(c.paramNames(), ", ")))
		}
	}
	slices.SortFunc(found, func(a, b *Refusal) int { return strings.Compare(a.Param, b.Param) })
	for _, p := range c.Params {
		value, given := args[p.Name]
		if !given {
			switch {
			case p.Required:
				found = append(found, wrong(p.Name, "refused-missing"))
			case p.Default != nil:
				checked[p.Name] = p.Default
			}
			continue
		}
		value, mistake := p.check(value)
		if mistake != nil {
			found = append(found, mistake)
			continue
		}
		checked[p.Name] = value
	}
	return checked, found
}

func (c Command) paramNames() (names []string) {
	for _, p := range c.Params {
		names = append(names, p.Name)
	}
	return names
}
