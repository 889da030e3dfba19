package telegram

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linienfunk/bots/chat"
)

// Kinds of replies about a choice. Of each only the newest waits.
const (
	choiceShown   = "choice"  // what the chat has chosen when the reply is sent
	choiceMistake = "mistake" // with Reply.Text
)

// choiceText says which reports a chat gets, and how to change that: in a group, where commands name the bot, with its user name.
func (b *Bot) choiceText(lang string, i chat.Interest, username string) string {
	text := func(id string, pairs ...any) string { return b.core.Pages.Text(lang, id, pairs...) }
	how := text("choice-how")
	if username != "" {
		how = text("choice-how-group", "Bot", username)
	}
	if i.IsZero() {
		return text("choice-all") + "\n\n" + how
	}
	_, stops, hours := i.Form()
	said := []string{text("choice-some")}
	for _, part := range []struct{ id, names string }{
		{"choice-lines", strings.Join(i.Lines, ", ")}, {"choice-stops", stops}, {"choice-hours", hours}, {"choice-days", b.dayNames(lang, i.Days)},
	} {
		if part.names != "" {
			said = append(said, text(part.id, "Names", part.names))
		}
	}
	switch {
	case i.Placed:
		said = append(said, text("choice-placed"))
	case len(i.Lines)+len(i.Stops) > 0:
		said = append(said, text("choice-unplaced"))
	}
	return strings.Join(said, "\n") + "\n\n" + how
}

// dayNames returns the short names of days.
func (b *Bot) dayNames(lang string, days []time.Weekday) string {
	var names []string
	for n, name := range strings.Fields(b.core.Pages.Text(lang, "weekdays")) { // Monday first
		if slices.Contains(days, time.Weekday((n+1)%7)) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// maxUnknown is how many names a reply repeats that nobody knows.
const maxUnknown = 10

// explainChoice says what is wrong with a command, and what would be right.
func (b *Bot) explainChoice(lang string, err error) string {
	var unknown *chat.UnknownError
	var days unknownDaysError
	if errors.Is(err, errOnOff) {
		return b.core.Pages.Text(lang, "choice-on-off")
	}
	if !errors.As(err, &unknown) && !errors.As(err, &days) {
		return b.core.Pages.Text(lang, "choice-many", "Max", chat.MaxInterest)
	}
	if unknown == nil {
		unknown = &chat.UnknownError{}
	}
	var said []string
	for _, one := range []struct {
		id    string
		names []string
	}{{"choice-lines-unknown", unknown.Lines}, {"choice-stops-unknown", unknown.Stops}, {"choice-hours-unknown", unknown.Hours}, {"choice-days-unknown", days}} {
		if over := len(one.names) - maxUnknown; over > 0 {
			one.names = append(slices.Clone(one.names[:maxUnknown]), fmt.Sprintf("… (+%d)", over))
		}
		if len(one.names) > 0 {
			said = append(said, b.core.Pages.Text(lang, one.id, "Names", strings.Join(one.names, ", ")))
		}
	}
	return strings.Join(said, "\n") + "\n" + b.core.Pages.Text(lang, "choice-kept")
}
