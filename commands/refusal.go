package commands

import (
	"errors"
	"fmt"
	"strings"

	"linienfunk/settings"
)

// Reason is why a command was refused.
type Reason string

// The reasons.
const (
	Invalid     Reason = "invalid"     // a value is wrong
	Forbidden   Reason = "forbidden"   // the actor may not do it
	NotFound    Reason = "not-found"   // there is no such city, report, …
	Conflict    Reason = "conflict"    // somebody else has changed it meanwhile, or it is done already
	TooLate     Reason = "too-late"    // the report is not fresh any more
	TooMany     Reason = "too-many"    // a limit is reached
	Outdated    Reason = "outdated"    // it is about a version that is not the present one
	Unavailable Reason = "unavailable" // it may work later: try again with the same key
)

// Refusal is why a command was not carried out, for people. Nothing has changed.
type Refusal struct {
	Reason Reason
	Param  string // the parameter that is wrong; empty if it is none
	Field  string // of an Object that is wrong: the place in it, as "bots.x.y"
	Say    string // id of a text of this package
	Pairs  []any  // names and values of its fields

	Setting *settings.FieldError // the setting that is wrong, for pages, which say so in their own words; nil if it is none
	Now     *settings.Snapshot   // the settings in force, if Reason is Outdated

	// Seen is the document that was changed, if Now is set and there is one, and Wanted what it would have become.
	Seen, Wanted []byte
}

func (r *Refusal) Error() string {
	var about strings.Builder
	for i := 0; i+1 < len(r.Pairs); i += 2 {
		fmt.Fprintf(&about, " %v=%v", r.Pairs[i], r.Pairs[i+1])
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s%s", r.Reason, r.Param, r.Say, about.String()))
}

// Refused is true: see observe.Observer.Command.
func (r *Refusal) Refused() bool { return true }

// Code says why for programs: "missing", "range". It stays the same while texts change.
func (r *Refusal) Code() string { return strings.TrimPrefix(r.Say, "refused-") }

// Refusals are all values that are wrong.
type Refusals []*Refusal

func (r Refusals) Error() string {
	var all []string
	for _, one := range r {
		all = append(all, one.Error())
	}
	return strings.Join(all, "; ")
}

// Refused is true: see observe.Observer.Command.
func (r Refusals) Refused() bool { return true }

// Settings returns the settings that are wrong.
func (r Refusals) Settings() (found settings.Errors) {
	for _, one := range r {
		if one.Setting != nil {
			found = append(found, *one.Setting)
		}
	}
	return found
}

// wrong refuses a value.
func wrong(param, say string, pairs ...any) *Refusal {
	return &Refusal{Reason: Invalid, Param: param, Say: say, Pairs: pairs}
}

// refuse refuses a command.
func refuse(reason Reason, say string, pairs ...any) *Refusal {
	return &Refusal{Reason: reason, Say: say, Pairs: pairs}
}

// AsRefusals returns the refusals in an error; nil if it is a failure of the program.
func AsRefusals(err error) Refusals {
	var one *Refusal
	var all Refusals
	switch {
	case errors.As(err, &all):
		return all
	case errors.As(err, &one):
		return Refusals{one}
	}
	return nil
}

// Say says in a language why a command was refused.
func (c *Commands) Say(lang string, r *Refusal) string {
	why := c.Why(lang, r)
	if r.Param == "" {
		return why
	}
	return c.Text(lang, "refused-param", "Param", r.Param, "Why", why)
}

// Why is Say without the name of the parameter, for a place beside it.
func (c *Commands) Why(lang string, r *Refusal) string { return c.Text(lang, r.Say, r.Pairs...) }
