// Package settings replicates each city's configuration: its word lists, texts, switches and the options of its
// networks. It is a JSON document with a history: a chain of patches, see package chain.
//
//	Storage  writes patches into the database, in the order of the stream SETTINGS, and serves requests for a city's state
//	Node     reads the same stream, keeps every city's current document compiled in memory, and submits patches
//	Schema   validates documents, for both of them
//
// Nodes and the Storage apply the same messages in the same order with the same deterministic rules. So of two patches against
// one version the same one wins everywhere, and a change is in force before the Storage has written it. A Node that missed
// messages requests the city's state. docs/settings-protocol.md describes the messages; any program with access to NATS can
// use them.
package settings

import (
	"time"

	"linienfunk/bots"
)

// Limits of a city's configuration.
const (
	MaxTitle = 60   // characters
	MaxAbout = 2000 // characters

	MaxStopNames = 5000 // lines

	MinFreshness, MaxFreshness = 1, 24 * 60 // minutes
	MinRetention, MaxRetention = 1, 90 * 24 // hours
	MaxRepeat                  = 60         // minutes
	MaxHoldMany                = 100        // reports
	MaxFlags                   = 50

	defaultRepeat = 10 // minutes
	defaultFlags  = 3
)

// languages are those in which a city can address its riders.
var languages = []string{"en", "de"}

// Settings is one city's configuration. It holds no secrets.
type Settings struct {
	Title  string `json:"title"` // the city's name for people
	Lang   string `json:"lang"`  // language of the city's posts: "en", "de"
	About  string `json:"about"` // plain text on the city's page
	Active bool   `json:"active"`
	Listed bool   `json:"listed"` // on the front page

	Numbers bool `json:"numbers,omitzero"` // relayed reports are counted by line, stop and hour, and the numbers are shown: see db.Number

	Triggers []string `json:"triggers"` // one rule a line, see package censor
	Blocked  []string `json:"blocked"`

	Network   string   `json:"network,omitzero"`     // hash of the city's lines and stops in transit.Store, or empty
	StopNames []string `json:"stop_names,omitempty"` // other names of stops, as network.ParseNames reads them

	FreshnessMinutes int  `json:"freshness_minutes"`        // older reports are not sent
	NewestFirst      bool `json:"newest_first,omitzero"`    // of reports that wait for one network, the newest is sent first
	RepeatMinutes    *int `json:"repeat_minutes,omitempty"` // how long a report that says the same confirms the one before; 0: all are sent; nil: 10
	RelayEnds        bool `json:"relay_ends,omitzero"`      // reports that they have left are sent, even though they end another one
	RetentionHours   int  `json:"retention_hours"`          // texts of older reports are deleted

	// What a moderator has to see first.
	Panic     bool `json:"panic,omitzero"`      // nothing is sent: all reports are held, and what is queued waits
	HoldAll   bool `json:"hold_all,omitzero"`   // all reports are held
	HoldNew   bool `json:"hold_new,omitzero"`   // those of authors of whom none has passed today; see report.Report.Author
	HoldLinks bool `json:"hold_links,omitzero"` // those with a link
	HoldMany  int  `json:"hold_many,omitzero"`  // those of an author of whom so many have passed in the last hour; 0: no limit of the city's own
	Flags     *int `json:"flags,omitempty"`     // how many riders must object to a report until it is taken back and held; 0: never; nil: 3

	TimeZone string                  `json:"time_zone"` // such as Europe/Zurich; empty for the server's
	Bots     map[string]bots.Options `json:"bots"`      // option values by bot
}

// fieldPointers returns a pointer to each field by its JSON name.
func (s *Settings) fieldPointers() map[string]any {
	return map[string]any{
		"title": &s.Title, "lang": &s.Lang, "about": &s.About, "active": &s.Active, "listed": &s.Listed, "numbers": &s.Numbers,
		"triggers": &s.Triggers, "blocked": &s.Blocked, "network": &s.Network, "stop_names": &s.StopNames,
		"freshness_minutes": &s.FreshnessMinutes, "newest_first": &s.NewestFirst,
		"repeat_minutes": &s.RepeatMinutes, "relay_ends": &s.RelayEnds, "retention_hours": &s.RetentionHours,
		"panic": &s.Panic, "hold_all": &s.HoldAll, "hold_new": &s.HoldNew, "hold_links": &s.HoldLinks, "hold_many": &s.HoldMany, "flags": &s.Flags,
		"time_zone": &s.TimeZone, "bots": &s.Bots,
	}
}

// Default returns the configuration of a new city.
func Default(city, lang string) Settings {
	return Settings{
		Title: city, Lang: lang, Active: true, Listed: true, Numbers: true,
		FreshnessMinutes: 30, RetentionHours: 24,
		Triggers: StartTriggers(lang, false),
	}
}

// Freshness is FreshnessMinutes as a duration.
func (s Settings) Freshness() time.Duration { return time.Duration(s.FreshnessMinutes) * time.Minute }

// Repeats is RepeatMinutes as a duration.
func (s Settings) Repeats() time.Duration {
	if s.RepeatMinutes == nil {
		return defaultRepeat * time.Minute
	}
	return time.Duration(*s.RepeatMinutes) * time.Minute
}

// Retention is RetentionHours as a duration.
func (s Settings) Retention() time.Duration { return time.Duration(s.RetentionHours) * time.Hour }

// FlagsToHold is Flags with its default.
func (s Settings) FlagsToHold() int {
	if s.Flags == nil {
		return defaultFlags
	}
	return *s.Flags
}
