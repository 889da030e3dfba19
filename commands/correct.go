package commands

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"linienfunk/db"
	"linienfunk/report"
)

// MaxCorrected is how many characters a report has at most that its rider has corrected.
const MaxCorrected = 500

// Correction is what a rider may do about a report of theirs that was held since it has none of the city's words. Whoever knows the id of a report by a form has sent it.
type Correction struct {
	Text  string // of the report, to be corrected; empty if there is nothing to correct, or not any more
	Next  string // the id of the corrected report, if it was sent
	entry db.Entry
}

// Correction looks up a report of a form, by the id that the network has given it.
func (c *Commands) Correction(ctx context.Context, city, bot, id string) (now Correction, err error) {
	snapshot, _, err := c.Settings.Get(ctx, city)
	if err != nil || c.isCorrected(id) {
		return now, err
	}
	next := c.correctedID(id)
	switch _, err := c.DB.EntryByKey(ctx, c.hidden(city, bot, next).Key()); {
	case err == nil:
		return Correction{Next: next}, nil
	case !errors.Is(err, db.ErrNotFound):
		return now, err
	}
	now.entry, err = c.DB.EntryByKey(ctx, c.hidden(city, bot, id).Key())
	if errors.Is(err, db.ErrNotFound) { // it is not judged yet
		return Correction{}, nil
	}
	e := now.entry
	if err == nil && e.IsHeld() && !e.IsFlagged() && e.List == string(report.Triggers) && snapshot.Runs() && c.Now().Before(e.At.Add(snapshot.Freshness())) {
		now.Text = e.Text
	}
	return now, err
}

// Correct sends a report again, with another text, and takes the first one back. That works once: the id of the second one follows from that of the first one, and is returned. The second one is as
// old as the first one. A *Refusal says what is wrong with the text, or that it is too late.
func (c *Commands) Correct(ctx context.Context, city, bot, id, text string) (next string, err error) {
	now, err := c.Correction(ctx, city, bot, id)
	if err != nil || now.Next != "" {
		return now.Next, err
	}
	text = report.Clean(text)
	switch {
	case now.Text == "":
		return "", refuse(Conflict, "refused-correct-late")
	case text == "":
		return "", wrong("text", "refused-missing")
	case utf8.RuneCountInString(text) > MaxCorrected:
		return "", wrong("text", "refused-correct-long", "Max", MaxCorrected)
	case text == strings.TrimSpace(now.Text):
		return "", wrong("text", "refused-correct-same")
	}
	next = c.correctedID(id)
	r := c.hidden(city, bot, next)
	r.Text, r.At = text, now.entry.At
	if err := c.Publish(ctx, r); err != nil {
		return "", err
	}
	return next, c.Publish(ctx, now.entry.Withdrawal(report.ByAuthor))
}

// hidden is a report as the supervisor hands it on, by the id that its network has given it.
func (c *Commands) hidden(city, bot, id string) report.Report {
	r := report.Report{City: city, Bot: bot, ID: id}
	r.ID = c.HideID(r.Key())
	return r
}

// correctedID is the id of the report that takes the place of another one: 32 digits like that, of which the second half says that it is a corrected one.
func (c *Commands) correctedID(id string) string {
	first := c.Box.Digest("corrected", id)[:16]
	return first + c.Box.Digest("corrected half", first)[:16]
}

func (c *Commands) isCorrected(id string) bool {
	return len(id) == 32 && c.Box.Digest("corrected half", id[:16])[:16] == id[16:]
}
