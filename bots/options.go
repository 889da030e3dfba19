package bots

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// OptionKind is the kind of an Option's value.
type OptionKind string

// The kinds.
const (
	Switch OptionKind = "switch" // true or false
	Choice OptionKind = "choice" // one of Choices
	Text   OptionKind = "text"   // plain text of at most Max characters
	Number OptionKind = "number" // a whole number from Min to Max
)

// Option is a choice of a city's admins about a network. It is part of the city's settings and their history, so it must not be a
// secret. The core renders the form field (see Mount.Options), validates the value and provides it in City.Options. The bot
// has the texts "option-<name>" for the label, "option-<name>-<choice>" for each choice, and optionally "option-<name>-hint";
// "_" in names becomes "-".
type Option struct {
	Name     string // a-z, 0-9 and "_"
	Kind     OptionKind
	Default  any // a bool for a Switch, an int for a Number, else a string
	Choices  []string
	Min, Max int // of a Number; of a Text Max is the number of characters
}

// Check returns an error that says what is wrong with a value.
func (o Option) Check(value any) error {
	_, isBool := value.(bool)
	text, isText := value.(string)
	number, isNumber := asNumber(value)
	switch {
	case o.Kind == Number && (!isNumber || number != math.Trunc(number)):
		return errors.New("must be a whole number")
	case o.Kind == Number && (number < float64(o.Min) || number > float64(o.Max)):
		return fmt.Errorf("must be between %d and %d", o.Min, o.Max)
	case o.Kind == Number:
		return nil
	case o.Kind == Switch && !isBool:
		return errors.New("must be true or false")
	case o.Kind != Switch && !isText:
		return errors.New("must be a text")
	case o.Kind == Choice && !slices.Contains(o.Choices, text):
		return fmt.Errorf("must be one of %q", o.Choices)
	case o.Kind == Text && utf8.RuneCountInString(text) > o.Max:
		return fmt.Errorf("must have at most %d characters", o.Max)
	}
	return nil
}

// asNumber accepts numbers from documents (encoding/json reads float64) and from code.
func asNumber(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	}
	return 0, false
}

// Options are a city's values of a bot's options, by name. Read them only.
type Options map[string]any

// On returns the value of a Switch.
func (o Options) On(name string) bool { on, _ := o[name].(bool); return on }

// Text returns the value of a Choice or a Text.
func (o Options) Text(name string) string { text, _ := o[name].(string); return text }

// Number returns the value of a Number.
func (o Options) Number(name string) int { n, _ := asNumber(o[name]); return int(n) }

// Defaults returns the default values of options.
func Defaults(options []Option) Options {
	values := Options{}
	for _, o := range options {
		values[o.Name] = o.Default
		if n, ok := asNumber(o.Default); ok {
			values[o.Name] = n // as a document would hold it
		}
	}
	return values
}
