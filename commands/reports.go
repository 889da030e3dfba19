package commands

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"time"

	"linienfunk/db"
	"linienfunk/report"
)

// Origin is report.Report.Bot of reports that come by a command, not by a network.
const Origin = "api"

// ReportStored is the result of "report".
type ReportStored struct {
	ID string `json:"id" doc:"Names the report in other commands, before it has a number."`
}

// ReportList is the result of "reports", the newest first.
type ReportList struct {
	Reports []Report `json:"reports"`
	Next    int      `json:"next,omitempty" doc:"The value of before for the next page; missing on the last one."`
}

// Report is a report in the ledger.
type Report struct {
	Report     int        `json:"report" doc:"The report's number."`
	At         time.Time  `json:"at" doc:"When the rider wrote it."`
	Text       string     `json:"text" doc:"Empty when it was deleted with the city's retention."`
	Network    string     `json:"network" doc:"Where it came from."`
	From       string     `json:"from" doc:"The network's name for people."`
	Passed     bool       `json:"passed"`
	Held       bool       `json:"held" doc:"It waits for a moderator."`
	List       string     `json:"list" doc:"What decided: instance, blocked, triggers, spam, hold, limit, muted or dropped."`
	Rule       string     `json:"rule" doc:"The rule of that list."`
	Ruling     string     `json:"ruling" doc:"What a moderator has decided: released, refused, or nothing."`
	Withdrawn  string     `json:"withdrawn" doc:"Who has withdrawn it: author, moderator, flags (riders who object to it: it is held), or nobody."`
	People     int        `json:"people" doc:"How many have reported the same."`
	Deliveries []Delivery `json:"deliveries"`
}

// Delivery is what became of a report in one network.
type Delivery struct {
	Network string `json:"network"`
	Title   string `json:"title" doc:"The network's name for people."`
	Status  string `json:"status" doc:"queued, retrying, sent, failed, expired or retracted."`
	Detail  string `json:"detail" doc:"Why, for people."`
	URL     string `json:"url" doc:"Where people see the post."`
	Served  int    `json:"served" doc:"How many subscribers it was sent to."`
}

// Ruled is the result of what is decided about a report. It is stored, and in force within a second.
type Ruled struct {
	Report int    `json:"report" doc:"The report's number; 0 if it has none yet."`
	Ruling string `json:"ruling"`
}

func handIn(ctx context.Context, c *Commands, call Call) (any, error) {
	now := c.Now()
	r := report.Report{City: call.City, Bot: Origin, ID: rand.Text(), Text: report.Clean(call.Text("text")), At: now, Private: true}
	if call.Key != "" { // the same call again is the same report, also after a crash
		r.ID = call.Actor.ID + " " + call.Key
	}
	if r.Text == "" {
		return nil, wrong("text", "refused-missing")
	}
	if author := call.Text("author"); author != "" {
		if c.SenderBlocked(Origin, author) {
			return nil, wrong("author", "refused-blocked-sender")
		}
		author = call.Actor.ID + " " + author
		r.Author, r.Mark = c.Box.Pseudonym(call.City, Origin, author, now), c.Box.Mark(call.City, Origin, author)
	}
	r.ID = c.HideID(r.Key())
	if err := c.Publish(ctx, r); err != nil {
		return nil, err
	}
	return ReportStored{ID: r.ID}, nil
}

func listReports(ctx context.Context, c *Commands, call Call) (any, error) {
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	limit := call.Number("limit")
	var entries []db.Entry
	if call.On("held") {
		entries, err = c.DB.Held(ctx, call.City, c.Now().Add(-city.Retention()), limit)
	} else {
		entries, err = c.DB.Entries(ctx, call.City, uint(call.Number("before")), limit+1)
	}
	if err != nil {
		return nil, err
	}
	list := ReportList{Reports: []Report{}}
	if len(entries) > limit {
		entries = entries[:limit]
		list.Next = int(entries[limit-1].ID)
	}
	for _, e := range entries {
		list.Reports = append(list.Reports, c.shown(call.Actor.Lang, e))
	}
	return list, nil
}

// ReportsByID returns reports of a city by their numbers, with texts in the city's language. One that is not there is missing.
func (c *Commands) ReportsByID(ctx context.Context, city string, ids []uint) (map[uint]Report, error) {
	snapshot, _, err := c.Settings.Get(ctx, city)
	if err != nil {
		return nil, err
	}
	entries, err := c.DB.EntriesByID(ctx, city, ids)
	all := make(map[uint]Report, len(entries))
	for _, e := range entries {
		all[e.ID] = c.shown(snapshot.Lang, e)
	}
	return all, err
}

// shown returns an entry as people see it.
func (c *Commands) shown(lang string, e db.Entry) Report {
	r := Report{Report: int(e.ID), At: e.At, Text: e.Text, Network: e.Bot, From: c.title(lang, e.Bot), Passed: e.Passed, Held: e.IsHeld() && e.List != string(report.Dropped),
		List: e.List, Rule: e.Rule, Ruling: e.Ruling, Withdrawn: e.Withdrawn, People: 1 + e.Confirmations, Deliveries: []Delivery{}}
	for _, d := range e.Deliveries {
		one := Delivery{Network: d.Bot, Title: c.title(lang, d.Bot), Status: string(d.Status), Detail: c.Translate(lang, d.Bot, d.Detail), URL: d.RemoteURL, Served: d.Served}
		if d.Status == db.Retracted {
			one.URL = "" // the post is gone
		}
		r.Deliveries = append(r.Deliveries, one)
	}
	return r
}

func (c *Commands) title(lang, bot string) string {
	if bot == Origin {
		return c.Text(lang, "origin")
	}
	return c.Title(lang, bot)
}

// findEntry returns the entry that somebody names: see RefPattern.
func (c *Commands) findEntry(ctx context.Context, call Call) (db.Entry, error) {
	named := call.Text("report")
	var entry db.Entry
	var err error
	if number, notNumber := strconv.ParseUint(named, 10, 63); notNumber == nil {
		entry, err = c.DB.EntryByID(ctx, call.City, uint(number))
	} else {
		bot, id, ok := strings.Cut(named, ":")
		if !ok {
			bot, id = Origin, named
		}
		entry, err = c.DB.EntryByKey(ctx, report.Report{City: call.City, Bot: bot, ID: id}.Key())
	}
	if errors.Is(err, db.ErrNotFound) {
		return entry, &Refusal{Reason: NotFound, Param: "report", Say: "refused-no-report", Pairs: []any{"Report", named}}
	}
	return entry, err
}

// isNumber reports whether a report is named by its number in the ledger.
func isNumber(named string) bool {
	_, err := strconv.ParseUint(named, 10, 63)
	return err == nil
}

// findNow is findEntry, and for a report that was flagged and released the entry that is relayed in its place.
func (c *Commands) findNow(ctx context.Context, call Call) (db.Entry, error) {
	e, err := c.findEntry(ctx, call)
	if err != nil || !e.IsReplaced() {
		return e, err
	}
	return c.DB.EntryByKey(ctx, e.ReleasedKey())
}

// rule publishes a ruling about an entry.
func (c *Commands) rule(ctx context.Context, e db.Entry, what report.Ruling) (any, error) {
	return c.ruleUntil(ctx, e, what, time.Time{})
}

func (c *Commands) ruleUntil(ctx context.Context, e db.Entry, what report.Ruling, until time.Time) (any, error) {
	r := e.Ruled(what)
	r.Until = until
	if err := c.Publish(ctx, r); err != nil {
		return nil, err
	}
	return Ruled{int(e.ID), string(what)}, nil
}

// waiting returns the entry that a moderator rules on, if nobody has done so.
func (c *Commands) waiting(ctx context.Context, call Call) (db.Entry, error) {
	e, err := c.findEntry(ctx, call)
	switch {
	case err != nil:
		return e, err
	case e.Ruling != "":
		return e, refuse(Conflict, "refused-ruled", "Ruling", e.Ruling)
	case e.IsFlagged() && e.Text == "":
		return e, refuse(TooLate, "refused-deleted")
	case e.IsFlagged():
		return e, nil
	case e.Withdrawn != "":
		return e, refuse(Conflict, "refused-withdrawn")
	case e.Passed:
		return e, refuse(Conflict, "refused-passed")
	case e.Text == "":
		return e, refuse(TooLate, "refused-deleted")
	}
	return e, nil
}

func release(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.waiting(ctx, call)
	if err != nil {
		return nil, err
	}
	city, _, err := c.Settings.Get(ctx, call.City)
	switch {
	case err != nil:
		return nil, err
	case e.List == string(report.Instance) && call.Actor.Level < Operator:
		return nil, refuse(Forbidden, "refused-instance")
	case !city.Active:
		return nil, refuse(Conflict, "refused-paused")
	case !city.Runs():
		return nil, refuse(Conflict, "refused-stopped")
	case city.Panic:
		return nil, refuse(Conflict, "refused-panic")
	case !e.At.Add(city.Freshness()).After(c.Now()):
		return nil, refuse(TooLate, "refused-stale", "Minutes", city.FreshnessMinutes)
	}
	return c.rule(ctx, e, report.Release)
}

func refuseReport(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.waiting(ctx, call)
	if err != nil {
		return nil, err
	}
	return c.rule(ctx, e, report.Refuse)
}

// withdraw retracts a report on all networks.
func withdraw(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.findNow(ctx, call)
	if err != nil {
		return nil, err
	}
	if e.Withdrawn != "" {
		return nil, refuse(Conflict, "refused-withdrawn")
	}
	if !e.IsOut() {
		return nil, refuse(Conflict, "refused-not-out")
	}
	if err := c.Publish(ctx, e.Withdrawal(report.ByModerator)); err != nil {
		return nil, err
	}
	return Ruled{int(e.ID), "withdrawn"}, nil
}

// mute holds what the author of a report sends: until their pseudonym changes at midnight UTC, or for days, for which their mark is kept as long.
func mute(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.findEntry(ctx, call)
	days := call.Number("days")
	switch {
	case err != nil:
		return nil, err
	case e.Author == "" || days > 0 && e.Mark == "":
		return nil, refuse(TooLate, "refused-no-author")
	case days == 0 && !report.EndOfPseudonym(e.At).After(c.Now()):
		return nil, refuse(TooLate, "refused-other-day")
	case days == 0:
		return c.rule(ctx, e, report.Mute)
	}
	return c.ruleUntil(ctx, e, report.Mute, db.Time(c.Now().AddDate(0, 0, days)))
}

func unmute(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.findEntry(ctx, call)
	if err != nil {
		return nil, err
	}
	return c.rule(ctx, e, report.Unmute)
}
