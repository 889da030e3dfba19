package telegram

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-telegram/bot/models"

	"linienfunk/bots"
	"linienfunk/bots/chat"
)

// choiceCommands are the commands by which a chat chooses its reports, in English and German, with the part of the choice that they are about.
var choiceCommands = map[string]string{
	"lines": "lines", "linien": "lines", "stops": "stops", "haltestellen": "stops", "hours": "hours", "zeiten": "hours", "days": "days", "tage": "days",
	"unplaced": "unplaced", "ohneort": "unplaced", "all": "all", "alles": "all",
}

// isChoice reports whether the command is about which reports a chat gets.
func (c command) isChoice() bool { return choiceCommands[c.name] != "" }

// choose handles such a command. Without arguments it shows the choice; a mistake is explained, and then nothing is saved.
func (h updateHandler) choose(ctx context.Context, m *models.Message, c command) error {
	chat, known, err := h.store.findChat(ctx, h.row.City, m.Chat.ID)
	if err != nil {
		return err
	}
	if part := choiceCommands[c.name]; known && chat.Active && (c.args != "" || part == "all") {
		wants, err := h.choiceReader(h.city).change(h.interest(chat), part, c.args)
		if err != nil {
			return h.replyWith(ctx, placeOf(m), choiceMistake, h.explainChoice(h.city.Lang, err))
		}
		if err := h.saveChoice(ctx, m, chat, wants); err != nil {
			return err
		}
	}
	return h.reply(ctx, placeOf(m), choiceShown)
}

// saveChoice saves what a chat wants: a person's as the city's commands do.
func (h updateHandler) saveChoice(ctx context.Context, m *models.Message, v Subscriber, wants chat.Interest) error {
	if v.isGroup() {
		return h.store.setInterest(ctx, v, wants)
	}
	_, err := h.SetInterest(ctx, h.row.City, personOf(m.Chat.ID), wants)
	return err
}

// interest returns what a chat wants: everything, if that cannot be decrypted.
func (b *Bot) interest(v Subscriber) chat.Interest {
	wants, err := b.store.interest(v)
	if err != nil {
		b.core.Log.Error("what a subscriber wants cannot be decrypted; it gets everything", "city", v.City, "err", err)
	}
	return wants
}

// choiceReader reads what riders type behind the commands, with a city's lines and stops.
type choiceReader struct {
	city         bots.City
	all, on, off []string    // words for them, in lower case
	days         [][7]string // names of the days from Sunday on, in lower case, in each language
}

// choiceReader returns a reader for the city's language and English.
func (b *Bot) choiceReader(city bots.City) choiceReader {
	r := choiceReader{city: city}
	for _, lang := range []string{city.Lang, "en"} {
		words := func(id string) []string { return strings.Fields(strings.ToLower(b.core.Pages.Text(lang, id))) }
		r.all, r.on, r.off = append(r.all, words("words-all")...), append(r.on, words("words-on")...), append(r.off, words("words-off")...)
		var days [7]string
		for n, name := range words("weekday-names") {
			days[(n+1)%7] = name // the text begins with Monday
		}
		r.days = append(r.days, days)
	}
	return r
}

// aroundDash is the dash of a range, however it is typed.
var aroundDash = regexp.MustCompile(`\s*[-–—]\s*`)

var (
	errTooMany = fmt.Errorf("more than %d names", chat.MaxInterest)
	errOnOff   = errors.New("neither on nor off")
)

// unknownDaysError lists what a rider typed that is no weekday.
type unknownDaysError []string

func (e unknownDaysError) Error() string { return fmt.Sprintf("unknown days %q", []string(e)) }

// change returns the interest with one part replaced by what was typed for it.
func (r choiceReader) change(i chat.Interest, part, typed string) (chat.Interest, error) {
	switch part {
	case "all":
		return chat.Interest{}, nil
	case "unplaced":
		return r.changeUnplaced(i, typed)
	}
	var read chat.Interest
	if !slices.Contains(r.all, strings.ToLower(typed)) {
		var err error
		if read, err = r.read(part, typed); err != nil {
			return i, err
		}
	}
	switch part {
	case "lines":
		i.Lines = read.Lines
	case "stops":
		i.Stops = read.Stops
	case "hours":
		i.Hours = read.Hours
	case "days":
		i.Days = read.Days
	}
	return i, nil
}

// read reads one part of an interest.
func (r choiceReader) read(part, typed string) (i chat.Interest, err error) {
	separators := ",;\r\n"
	if part != "stops" {
		separators += " \t" // names of stops contain blanks
	}
	names := strings.FieldsFunc(typed, func(c rune) bool { return strings.ContainsRune(separators, c) })
	if len(names) > chat.MaxInterest { // each may wait for the city's network to be loaded
		return i, errTooMany
	}
	switch part {
	case "lines":
		return chat.ParseInterest(r.city, typed, "", "")
	case "stops":
		return chat.ParseInterest(r.city, "", typed, "")
	case "hours":
		return chat.ParseInterest(r.city, "", "", typed)
	}
	i.Days, err = r.readDays(typed)
	return i, err
}

// changeUnplaced switches the reports on or off of which nobody knows where it is.
func (r choiceReader) changeUnplaced(i chat.Interest, typed string) (chat.Interest, error) {
	word := strings.ToLower(typed)
	if !slices.Contains(r.on, word) && !slices.Contains(r.off, word) {
		return i, errOnOff
	}
	i.Placed = slices.Contains(r.off, word)
	return i, nil
}

// readDays reads weekdays and ranges of them, such as "mo-fr, sunday". All seven are nil, as in chat.Interest.
func (r choiceReader) readDays(typed string) (days []time.Weekday, err error) {
	var unknown unknownDaysError
	var wanted [7]bool
	for _, word := range strings.FieldsFunc(aroundDash.ReplaceAllString(typed, "-"), func(c rune) bool { return strings.ContainsRune(" ,;.\t\r\n", c) }) {
		from, to, isRange := strings.Cut(word, "-")
		first, ok := r.day(from)
		last, lastOK := first, ok
		if isRange {
			last, lastOK = r.day(to)
		}
		if !ok || !lastOK {
			unknown = append(unknown, word)
			continue
		}
		for day := first; ; day = (day + 1) % 7 {
			wanted[day] = true
			if day == last {
				break
			}
		}
	}
	if len(unknown) > 0 {
		return nil, unknown
	}
	return listDays(wanted), nil
}

// day returns the weekday of a name, or of two or more letters that it begins with.
func (r choiceReader) day(typed string) (time.Weekday, bool) {
	typed = strings.ToLower(typed)
	if utf8.RuneCountInString(typed) < 2 {
		return 0, false
	}
	for _, names := range r.days {
		for day, name := range names {
			if strings.HasPrefix(name, typed) {
				return time.Weekday(day), true
			}
		}
	}
	return 0, false
}

// listDays returns the wanted days from Monday on; nil for all of them.
func listDays(wanted [7]bool) (days []time.Weekday) {
	for n := range 7 {
		if day := time.Weekday((n + 1) % 7); wanted[day] {
			days = append(days, day)
		}
	}
	if len(days) == 7 {
		return nil
	}
	return days
}
