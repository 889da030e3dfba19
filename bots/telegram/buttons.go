package telegram

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots/chat"
)

// keyboard is the rows of buttons under a message (https://core.telegram.org/bots/api#inlinekeyboardmarkup). The library's type writes fields into
// each button that Telegram allows in buttons of other kinds only.
type keyboard struct {
	Rows [][]button `json:"inline_keyboard"`
}

type button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"` // at most 64 bytes
}

// choiceButtons are the buttons under a choice: the days, reports without a place, and everything again. Each says what is to be, not what is to change,
// so that a button of an older message, or one pressed twice, does what it shows.
func (b *Bot) choiceButtons(lang string, i chat.Interest) *keyboard {
	one := func(label, data string, chosen bool) button {
		if chosen {
			return button{"✓ " + label, data + ":off"}
		}
		return button{label, data + ":on"}
	}
	var days []button
	for n, name := range strings.Fields(b.core.Pages.Text(lang, "weekdays")) { // Monday first
		day := time.Weekday((n + 1) % 7)
		days = append(days, one(name, fmt.Sprintf("choose:day:%d", day), len(i.Days) == 0 || slices.Contains(i.Days, day)))
	}
	rows := [][]button{days[:5], days[5:], {one(b.core.Pages.Text(lang, "button-unplaced"), "choose:unplaced", !i.Placed)}}
	if !i.IsZero() {
		rows = append(rows, []button{{b.core.Pages.Text(lang, "button-all"), "choose:all"}})
	}
	return &keyboard{rows}
}

// pressed returns the interest after a press on a button with this data, and false for data that is not of choiceButtons.
func pressed(i chat.Interest, data string) (chat.Interest, bool) {
	what, state, _ := cutLast(data, ":")
	on := state == "on"
	switch {
	case data == "choose:all":
		return chat.Interest{}, true
	case !on && state != "off":
		return i, false
	case what == "choose:unplaced":
		i.Placed = !on
		return i, true
	}
	number, isDay := strings.CutPrefix(what, "choose:day:")
	if !isDay || len(number) != 1 || number[0] < '0' || number[0] > '6' {
		return i, false
	}
	var wanted [7]bool
	for day := range wanted {
		wanted[day] = len(i.Days) == 0 || slices.Contains(i.Days, time.Weekday(day))
	}
	if wanted[number[0]-'0'] = on; wanted != [7]bool{} { // without a day, nothing would come any more: /stop is for that
		i.Days = listDays(wanted)
	}
	return i, true
}

// cutLast is strings.Cut around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// press handles a press on a button. Groups have only buttons that are commands; the data of another program, or of an older version, does nothing.
func (h updateHandler) press(ctx context.Context, q *models.CallbackQuery) error {
	m := q.Message.Message
	command, runs := strings.CutPrefix(q.Data, runData)
	switch {
	case runs && m != nil && (isPrivatePress(q) || string(m.Chat.Type) == group || string(m.Chat.Type) == supergroup):
		return h.pressCommand(ctx, q, command)
	case !isPrivatePress(q):
		return nil
	}
	chat, known, err := h.store.findChat(ctx, h.row.City, m.Chat.ID)
	if err != nil {
		return err
	}
	wants, isOurs := pressed(h.interest(chat), q.Data)
	if !isOurs {
		return nil
	}
	if known && chat.Active {
		if _, err := h.SetInterest(ctx, h.row.City, personOf(m.Chat.ID), wants); err != nil {
			return err
		}
	}
	return h.queueReply(ctx, placeOf(m), Reply{Kind: choiceShown, Press: q.ID, Message: m.ID})
}

// isPrivatePress reports whether a press has a message in a private chat, which Telegram still shows.
func isPrivatePress(q *models.CallbackQuery) bool {
	m := q.Message.Message
	return m != nil && string(m.Chat.Type) == private && q.From.ID == m.Chat.ID
}
