package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"linienfunk/bots/chat"
	"linienfunk/db"
	"linienfunk/report"
	"linienfunk/settings"
)

// Flag is what a rider has against a report that is out. Who it was is a pseudonym of the report's day: each has one vote about a report.
type Flag struct {
	City   string    `gorm:"primaryKey;size:32"`
	Entry  uint      `gorm:"primaryKey;autoIncrement:false"`
	By     string    `gorm:"primaryKey;size:32"`
	Reason string    `gorm:"size:16;not null"` // one of flagReasons
	At     time.Time `gorm:"not null;index"`
}

// TableName is the table's name for gorm.
func (Flag) TableName() string { return "command_flags" }

// flagReasons are the reasons why riders object to a report: it is false, or names somebody.
var flagReasons = []string{"false", "name"}

// FlagsKept is how long flags are kept: longer than a report can be flagged for a second time by the same pseudonym.
const FlagsKept = 48 * time.Hour

// Flagged is the result of "flag".
type Flagged struct {
	Held bool `json:"held" doc:"So many riders object to the report that it was taken back, until a moderator has seen it."`
}

// Fate is the result of "fate".
type Fate struct {
	State string `json:"state" doc:"checking, relayed, confirms (it says the same as an earlier one, and is counted with it), held, refused, withdrawn, expired, failed (no network has taken it) or nowhere (the city is connected to no network)."`
	List  string `json:"list" doc:"Why it is held: triggers, blocked, instance, spam, hold, limit or muted."`
	Rule  string `json:"rule" doc:"Of the list hold, which rule: panic, all, link, new or many."`
}

// Fates is the result of "mine", the newest first.
type Fates struct {
	Reports []OwnReport `json:"reports"`
}

// OwnReport is a report of who asks.
type OwnReport struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Fate
}

// HoldState is the result of "panic" and "hold".
type HoldState struct {
	City  string `json:"city"`
	Panic bool   `json:"panic" doc:"Nothing is sent: all reports are held, and what is queued waits."`
	Hold  bool   `json:"hold" doc:"All reports are held."`
	Hash  string `json:"hash" doc:"Of the city's settings, as in their history."`
}

// MuteList is the result of "mutes".
type MuteList struct {
	Authors []MutedAuthor `json:"authors"`
}

// MutedAuthor is an author whose reports are held. Who it is nobody knows.
type MutedAuthor struct {
	Report int       `json:"report" doc:"The report for which they were muted: unmute takes its number. 0 if that is not known."`
	Until  time.Time `json:"until"`
}

var ofModeration = []Command{
	{Name: "panic", Level: Moderator, Scope: ScopeModerate, Tells: true, Result: HoldState{}, run: setPanic, Params: []Param{{Name: "on", Kind: Switch, Default: true}}},
	{Name: "hold", Level: Moderator, Scope: ScopeModerate, Tells: true, Result: HoldState{}, run: setHold, Params: []Param{{Name: "on", Kind: Switch, Default: true}}},
	{Name: "mutes", Level: Moderator, Scope: ScopeRead, Reads: true, Result: MuteList{}, run: listMutes},
	{Name: "log", Level: Owner, Scope: ScopeRead, Reads: true, Result: Log{}, run: showLog,
		Params: []Param{{Name: "limit", Kind: Number, Min: 1, Max: 100, Default: 20}, {Name: "before", Kind: Number, Min: 1, Max: 1 << 40}, {Name: "who", Kind: Text, Max: 254}, {Name: "command", Kind: Text, Max: 40}}},
	{Name: "flag", Level: Anyone, Scope: ScopeReport, Result: Flagged{}, run: flag, Params: []Param{reportParam, {Name: "reason", Kind: Choice, Choices: flagReasons, Default: flagReasons[0]}}},
	{Name: "fate", Level: Anyone, Scope: ScopeReport, Reads: true, Result: Fate{}, run: fate, Params: []Param{reportParam}},
	{Name: "mine", Level: Anyone, Reads: true, InChats: true, Result: Fates{}, run: mine},
}

// flag counts an objection to a report that is out. If there are as many as the city wants, the report is taken back and held. One that a moderator has released after that stays out.
func flag(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.findNow(ctx, call)
	if err != nil {
		return nil, err
	}
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	most := city.FlagsToHold()
	switch {
	case most == 0:
		return nil, refuse(Forbidden, "refused-flags-off")
	case e.IsFlagged():
		return Flagged{Held: true}, nil
	case e.Withdrawn != "" || e.Text == "" || !e.IsOut():
		return nil, refuse(Conflict, "refused-flag-not-out")
	}
	row := Flag{City: call.City, Entry: e.ID, By: c.voter(call, e), Reason: call.Text("reason"), At: db.Time(c.Now())}
	if err := c.Tables.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return nil, fmt.Errorf("store a flag: %w", err)
	}
	var votes int64
	if err := c.Tables.WithContext(ctx).Model(&Flag{}).Where("city = ? AND entry = ?", call.City, e.ID).Count(&votes).Error; err != nil {
		return nil, fmt.Errorf("count flags: %w", err)
	}
	if votes < int64(most) || e.IsAboveFlags() {
		return Flagged{}, nil
	}
	if err := c.Publish(ctx, e.Withdrawal(report.ByFlags)); err != nil {
		return nil, err
	}
	c.tellFlagged(ctx, city, e)
	return Flagged{Held: true}, nil
}

// voter is the pseudonym of who objects: of the report's day, since at midnight nobody gets a second vote.
func (c *Commands) voter(call Call, e db.Entry) string {
	who := call.Actor.ID
	switch {
	case call.Actor.Visitor != "":
		who = "visitor " + call.Actor.Visitor
	case call.Actor.Network != "":
		who = call.Actor.Network + " " + call.Actor.Person
	}
	return c.Box.Pseudonym(call.City, "flag", who, e.At)
}

// tellFlagged tells those who run the city that riders have had a report held.
func (c *Commands) tellFlagged(ctx context.Context, city settings.Snapshot, e db.Entry) {
	ctx = context.WithoutCancel(ctx)
	if err := c.flagMails(ctx, city.City); err != nil {
		c.Log.Warn("some of those who run the city are not mailed that riders object to a report", "city", city.City, "err", err)
	}
	c.toAll(ctx, city, func(to recipient) (notice, bool) {
		lines := []string{c.Text(to.lang, "notice-flagged"), c.Text(to.lang, "notice-report", "Report", e.ID, "Text", report.Cut(e.Text, 300), "From", c.title(to.lang, e.Bot), "Rule", "")}
		return notice{Answer: chat.Answer{Text: strings.Join(lines, "\n"), Buttons: c.rulingButtons(to.lang, int(e.ID))}, key: fmt.Sprintf("flagged %d", e.ID)}, true
	})
}

// fate says what became of a report.
func fate(ctx context.Context, c *Commands, call Call) (any, error) {
	e, err := c.findNow(ctx, call)
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Reason == NotFound && !isNumber(call.Text("report")) { // it is not judged yet, or never was; numbers come with the verdict
		return Fate{State: "checking"}, nil
	}
	if err != nil {
		return nil, err
	}
	return fateOf(e), nil
}

func fateOf(e db.Entry) Fate {
	f := Fate{State: "nowhere", List: e.List, Rule: e.Rule}
	if e.List != string(report.Hold) {
		f.Rule = "" // whoever knows the blocked words gets around them
	}
	switch {
	case e.IsHeld():
		f.State = "held"
	case e.Ruling == string(report.Refuse):
		f.State = string(report.Refuse)
	case e.Withdrawn != "":
		f.State = "withdrawn"
	case e.About != "":
		f.State = "confirms"
	case !e.Passed:
		f.State = "held"
	default:
		for _, d := range e.Deliveries {
			if d.Status == db.Sent || !d.Status.Final() {
				f.State = "relayed"
			}
			switch {
			case f.State == "relayed":
			case d.Status == db.Expired:
				f.State = "expired"
			case d.Status == db.Failed && f.State == "nowhere":
				f.State = "failed"
			}
		}
	}
	if e.Passed {
		f.List, f.Rule = "", ""
	}
	return f
}

// maxMine is how many of their reports a person is told of.
const maxMine = 5

// mine says what became of the reports that somebody in a chat has sent today.
func mine(ctx context.Context, c *Commands, call Call) (any, error) {
	entries, err := c.DB.EntriesOf(ctx, call.City, c.Box.Pseudonym(call.City, call.Actor.Network, call.Actor.Person, c.Now()), maxMine)
	list := Fates{Reports: []OwnReport{}}
	for _, e := range entries {
		list.Reports = append(list.Reports, OwnReport{At: e.At, Text: e.Text, Fate: fateOf(e)})
	}
	return list, err
}

func setPanic(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.setHeld(ctx, call, "panic", func(s settings.Settings) bool { return s.Panic })
}

func setHold(ctx context.Context, c *Commands, call Call) (any, error) {
	return c.setHeld(ctx, call, "hold_all", func(s settings.Settings) bool { return s.HoldAll })
}

// setHeld changes a switch of the settings. What is so already is no change, and not in the history.
func (c *Commands) setHeld(ctx context.Context, call Call, field string, isOn func(settings.Settings) bool) (any, error) {
	now, err := c.change(ctx, call, func(s settings.Settings) (map[string]any, error) {
		if isOn(s) == call.On("on") {
			return nil, nil
		}
		return map[string]any{field: call.On("on")}, nil
	})
	if err != nil {
		return nil, err
	}
	return HoldState{now.City, now.Panic, now.HoldAll, string(now.Hash)}, nil
}

func listMutes(ctx context.Context, c *Commands, call Call) (any, error) {
	all, err := c.DB.MutedIn(ctx, call.City)
	list := MuteList{Authors: []MutedAuthor{}}
	for _, one := range all {
		list.Authors = append(list.Authors, MutedAuthor{int(one.Entry), one.Until})
	}
	return list, err
}
