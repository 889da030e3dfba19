// Package settings holds each city's configuration: its lists of words, its texts and its switches. It checks them in one
// place, whoever brings them, and keeps them compiled in memory, so that nobody asks the database on the way of
// a report.
package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linienfunk/censor"
	"linienfunk/report"
)

// Limits of a city's configuration.
const (
	MaxTitle = 60   // characters
	MaxAbout = 2000 // characters

	MinFreshness, MaxFreshness = 1, 24 * 60 // minutes
	MinRetention, MaxRetention = 1, 90 * 24 // hours
)

// Languages are what a city may speak to its riders in.
var languages = []string{"en", "de"}

// Settings is one city's configuration. It holds no secrets.
type Settings struct {
	Title  string `json:"title"` // the city's name for people
	Lang   string `json:"lang"`  // of what the city sends: "en", "de"
	About  string `json:"about"` // plain text on the city's page
	Active bool   `json:"active"`
	Listed bool   `json:"listed"` // on the front page

	Triggers []string `json:"triggers"` // one rule a line, see package censor
	Blocked  []string `json:"blocked"`

	FreshnessMinutes int `json:"freshness_minutes"` // a report older than this is not sent any more
	RetentionHours   int `json:"retention_hours"`   // then texts of reports are deleted
}

// Default is what a new city begins with.
func Default(city, lang string) Settings {
	s := Settings{
		Title: city, Lang: lang, Active: true, Listed: true,
		FreshnessMinutes: 30, RetentionHours: 24,
		Triggers: []string{"inspector", "inspectors", "ticket check", "control", "controls", "delay", "delayed", "blocked", "closed"},
	}
	if lang == "de" {
		s.Triggers = []string{"kontrolle", "kontrollen", "kontrolleur", "kontrolleure", "kontrolleurin", "kontrolleurinnen",
			"kontis", "fahrscheinkontrolle", "ticketkontrolle", "bullen", "polizei", "verspätung", "ausfall", "gesperrt"}
	}
	return s
}

// Freshness is FreshnessMinutes as a duration.
func (s Settings) Freshness() time.Duration { return time.Duration(s.FreshnessMinutes) * time.Minute }

// Retention is RetentionHours as a duration.
func (s Settings) Retention() time.Duration { return time.Duration(s.RetentionHours) * time.Hour }

// FieldError says what is wrong with one field. Say is the id of a text for people, Err the cause for the field's line.
type FieldError struct {
	Field string // the field's name in JSON
	Line  int    // of a list, from 1; 0 if the field is wrong as a whole
	Say   string
	Err   error
}

func (e FieldError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s, line %d: %v", e.Field, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Field, e.Err)
}

// Errors is what Validate found, in the order of the fields.
type Errors []FieldError

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Validate returns nil or Errors.
func (s Settings) Validate() error {
	_, err := s.compile(censor.Compile)
	return err
}

type compiler func(triggers, blocked []string) (*censor.Filter, error)

// compile checks everything and returns the lists ready for use.
func (s Settings) compile(lists compiler) (*censor.Filter, error) {
	var found Errors
	add := func(field, say string, err error) {
		found = append(found, FieldError{Field: field, Say: say, Err: err})
	}
	switch length := utf8.RuneCountInString(s.Title); {
	case strings.TrimSpace(s.Title) == "":
		add("title", "settings-error-empty", errors.New("is empty"))
	case length > MaxTitle || strings.ContainsFunc(s.Title, isControl):
		add("title", "settings-error-long", fmt.Errorf("must be one line of at most %d characters", MaxTitle))
	}
	if !slices.Contains(languages, s.Lang) {
		add("lang", "settings-error-lang", fmt.Errorf("must be one of %s", strings.Join(languages, ", ")))
	}
	if utf8.RuneCountInString(s.About) > MaxAbout {
		add("about", "settings-error-long", fmt.Errorf("has more than %d characters", MaxAbout))
	}
	filter, err := lists(s.Triggers, s.Blocked)
	found = append(found, listErrors(err)...)
	if s.FreshnessMinutes < MinFreshness || s.FreshnessMinutes > MaxFreshness {
		add("freshness_minutes", "settings-error-range", fmt.Errorf("must be between %d and %d", MinFreshness, MaxFreshness))
	}
	if s.RetentionHours < MinRetention || s.RetentionHours > MaxRetention {
		add("retention_hours", "settings-error-range", fmt.Errorf("must be between %d and %d", MinRetention, MaxRetention))
	}
	if len(found) > 0 {
		return nil, found
	}
	return filter, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// listErrors takes apart what censor.Compile joined.
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
		return Errors{{Field: string(report.Triggers), Say: "settings-error-line", Err: err}}
	}
	say := "settings-error-line"
	if line.Line == 0 {
		say = "settings-error-list-long"
	}
	return Errors{{Field: string(line.List), Line: line.Line, Say: say, Err: line.Err}}
}
