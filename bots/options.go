package bots

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// OptionKind is what sort of value an Option has.
type OptionKind string

// The kinds.
const (
	Switch OptionKind = "switch" // true or false
	Choice OptionKind = "choice" // one of Choices
	Text   OptionKind = "text"   // plain text of at most Max characters
	Number OptionKind = "number" // a whole number from Min to Max
)

// Option is something that a city's admins may choose about a network. It is part of the city's settings, which keep its history; it
// must not be a secret. The core draws its form field (see Mount.Options), checks what is sent, and hands the value to
// the bot as City.Options. Its texts are the bot's: "option-<name>" the label, "option-<name>-hint" a sentence
// below it (may be missing), "option-<name>-<choice>" each choice, with "_" in names as "-".
type Option struct {
	Name    string // a-z, 0-9 and "_"
	Kind    OptionKind
	Default any // a bool for a Switch, an int for a Number, else a string
	Choices []string
	Min     int // of a Number
	Max     int // of a Text: characters; of a Number: the largest
}

// Check says what is wrong with a value, or nil.
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

// asNumber takes numbers as documents have them (encoding/json reads a float64), and as code writes them.
func asNumber(value any) (float64, bool) {
	switch n := value.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	}
	return 0, false
}

// Options are the values of a city's options of one bot, by name. Those that the city never chose have the default.
type Options map[string]any

// On is the value of a Switch.
func (o Options) On(name string) bool { on, _ := o[name].(bool); return on }

// Text is the value of a Choice or a Text.
func (o Options) Text(name string) string { text, _ := o[name].(string); return text }

// Number is the value of a Number.
func (o Options) Number(name string) int { n, _ := asNumber(o[name]); return int(n) }

// Defaults are the values that options have before anybody chooses.
func Defaults(options []Option) Options {
	values := Options{}
	for _, o := range options {
		values[o.Name] = o.Default
		if n, ok := asNumber(o.Default); ok {
			values[o.Name] = n // as it is read from a document
		}
	}
	return values
}
