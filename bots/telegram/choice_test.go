package telegram

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/report"
)

// said returns what the bots have sent to a person since the message number from, and moves from behind it.
func said(w *bottest.World, fake *telegramtest.Server, person string, from *int) (out []string) {
	sent := fake.Sent()
	for _, one := range sent[*from:] {
		if one.Chat == fake.Person(person) {
			out = append(out, one.Text)
		}
	}
	*from = len(sent)
	return out
}

// about returns a report that the censor has read.
func about(w *bottest.World, id, text string) report.Report {
	r := other(w, id, text)
	r.Means = bottest.Read(text)
	return r
}

func TestSubscribersGetOnlyTheLinesStopsHoursAndDaysThatTheyChoose(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	now := w.Core.Now()
	noon := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, time.Local)
	for _, test := range []struct {
		name     string
		commands []string
		gets     string // of the reports "u8", "m10", "rudow" and "irgendwo"
	}{
		{"nothing chosen", nil, "u8 m10 rudow irgendwo"},
		{"a line", []string{"/lines u8"}, "u8 irgendwo"},
		{"two lines", []string{"/linien U8, m10"}, "u8 m10 irgendwo"},
		{"a stop", []string{"/stops Rudow"}, "rudow irgendwo"},
		{"a line and a stop", []string{"/stops rudow", "/lines m10"}, "m10 rudow irgendwo"},
		{"not without a place", []string{"/lines u8", "/ohneort aus"}, "u8"},
		{"without a place again", []string{"/lines u8", "/ohneort aus", "/unplaced on"}, "u8 irgendwo"},
		{"no line any more", []string{"/lines u8", "/lines all"}, "u8 m10 rudow irgendwo"},
		{"another line instead", []string{"/lines u8", "/lines m10"}, "m10 irgendwo"},
		{"everything again", []string{"/lines u8", "/unplaced off", "/all"}, "u8 m10 rudow irgendwo"},
		{"now", []string{"/hours 11-13"}, "u8 m10 rudow irgendwo"},
		{"not now", []string{"/zeiten 7-10 16-19"}, ""},
		{"on all days", []string{"/days mo-so"}, "u8 m10 rudow irgendwo"},
		{"not today", []string{"/days " + noon.AddDate(0, 0, 1).Weekday().String()}, ""},
		{"today", []string{"/tage " + noon.Weekday().String()}, "u8 m10 rudow irgendwo"},
		{"as it was after a mistake", []string{"/lines u8", "/lines m10 u77"}, "u8 irgendwo"},
		{"shown only", []string{"/lines u8", "/lines", "/start"}, "u8 irgendwo"},
		{"forgotten by /stop", []string{"/lines u8", "/stop", "/start"}, "u8 m10 rudow irgendwo"},
	} {
		for _, text := range slices.Concat([]string{"/start"}, test.commands) {
			fake.Say(botOf("zuerich"), "marta", text)
		}
		if got := texts(receive(t, w, "zuerich")); got != "" {
			t.Errorf("%s: reports %s", test.name, got)
		}
		from := len(fake.Sent())
		for _, id := range []string{"u8", "m10", "rudow", "irgendwo"} {
			r := about(w, test.name+id, id)
			r.At = noon
			send(t, w, a, r)
		}
		if got := strings.Join(said(w, fake, "marta", &from), " "); got != test.gets {
			t.Errorf("%s: gets %q, want %q", test.name, got, test.gets)
		}
		fake.Say(botOf("zuerich"), "marta", "/stop")
		receive(t, w, "zuerich")
	}
}

func TestAnswersShowTheChoiceAndNameWhatIsUnknown(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	var from int
	for _, test := range []struct {
		say  string
		want []string
	}{
		{"/lines u8", []string{"Du bekommst noch keine Meldungen", "/start"}},
		{"/start", []string{"alle Meldungen", "/linien"}},
		{"/lines", []string{"Du bekommst alle Meldungen.", "/haltestellen", "/zeiten", "/tage"}},
		{"/lines u8 41", []string{"Linien: U8, 41", "Auch die, von denen niemand weiß"}},
		{"/lines u8 u77 x99", []string{"Linien kennen wir hier nicht: u77, x99", "nichts geändert"}},
		{"/stops Hermannplatz, Narnia", []string{"Haltestellen kennen wir hier nicht: Narnia"}},
		{"/hours 7-30", []string{"nicht: 7-30"}},
		{"/days mo-xx, fr", []string{"nicht: mo-xx"}},
		{"/days sa - mo", []string{"Linien: U8, 41\nTage: Mo Sa So"}},
		{"/unplaced vielleicht", []string{"/ohneort aus"}},
		{"/unplaced OFF", []string{"Keine, von denen niemand weiß"}},
		{"/hours 7-10 22:30-2", []string{"Zeiten: 7-10 22:30-2"}},
		{"/lines " + strings.Repeat("u77 ", 51), []string{"Höchstens 50"}},
		{"/lines " + strings.Repeat("u77 ", 13), []string{"u77, … (+3)"}},
		{"/start", []string{"Linien: U8, 41\nZeiten: 7-10 22:30-2\nTage: Mo Sa So\nKeine"}},
		{"/alles", []string{"Du bekommst alle Meldungen."}},
	} {
		fake.Say(botOf("zuerich"), "marta", test.say)
		receive(t, w, "zuerich")
		got := said(w, fake, "marta", &from)
		for _, want := range test.want {
			if len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("%s: said %q, want %q", test.say, got, want)
			}
		}
	}
}

// A second command can arrive while the answer to the first one is on its way.
func TestTheNewestAnswerAboutAChoiceIsNotLost(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	subscribe(t, w, fake, "marta")
	from := len(fake.Sent())
	row, c := account(t, w, "zuerich")
	fake.Say(botOf("zuerich"), "marta", "/lines u8")
	fake.Say(botOf("zuerich"), "marta", "/lines m10")
	updates, err := c.getUpdates(t.Context(), nextOffset(row, w.Core.Now()), maxUpdates, 0)
	must(t, err)
	handle := func(n int) {
		_, err := theBot(w).handleRaw(t.Context(), row, updates[n], nil)
		must(t, err)
	}
	handle(0)
	first, waits, err := theBot(w).store.nextReply(t.Context(), "zuerich")
	must(t, err)
	must(t, theBot(w).sendReply(t.Context(), row, c, first))
	handle(1)
	must(t, theBot(w).store.deleteReply(t.Context(), first))
	must(t, theBot(w).drainReplies(t.Context(), row, c))
	if got := said(w, fake, "marta", &from); !waits || len(got) != 2 || !strings.Contains(got[1], "Linien: M10") {
		t.Errorf("said %q", got)
	}
}

func TestAChoiceIsSealedAndSurvivesARestartAndTheMoveOfAGroup(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	subscribe(t, w, fake, "marta")
	fake.Say(botOf("zuerich"), "marta", "/stops Hermannplatz")
	receive(t, w, "zuerich")
	w.Restart(t)
	s := theBot(w).store
	must(t, s.addGroup(t.Context(), "zuerich", -5, group, "Linie 4"))
	old, _, err := s.findChat(t.Context(), "zuerich", -5)
	must(t, err)
	must(t, s.setInterest(t.Context(), old, chat.Interest{Lines: []string{"U8"}}))
	must(t, s.migrateGroup(t.Context(), "zuerich", -5, -1005))
	for chat, want := range map[int64]chat.Interest{fake.Person("marta"): {Stops: []string{"Hermannplatz"}}, -1005: {Lines: []string{"U8"}}} {
		v, known, err := s.findChat(t.Context(), "zuerich", chat)
		must(t, err)
		if got, err := s.interest(v); !known || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d wants %+v, %v", chat, got, err)
		}
		if strings.Contains(string(v.Interest), "Hermann") || strings.Contains(string(v.Interest), "U8") {
			t.Error("the choice is in the table in the clear")
		}
	}
}

func FuzzChoice(f *testing.F) {
	for _, text := range []string{"/lines u8 m10", "/stops Hermannplatz, rudow", "/hours 7-10 16:30 – 19", "/days mo-fr, So", "/tage sa – mo.", "/unplaced off", "/all x", "/linien alle", "/days İ-ſa"} {
		f.Add(text)
	}
	w, _ := newWorld(f)
	city, _, err := w.Core.Cities.City(f.Context(), "zuerich")
	must(f, err)
	reader := theBot(w).choiceReader(city)
	before := chat.Interest{Lines: []string{"41"}, Placed: true}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCommand(text, "city_bot")
		if !ok || !c.isChoice() {
			return
		}
		got, err := reader.change(before, choiceCommands[c.name], c.args)
		if err != nil {
			if theBot(w).explainChoice("de", err) == "" || !reflect.DeepEqual(got, before) {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
			return
		}
		for _, line := range got.Lines {
			if !slices.Contains([]string{"U8", "M10", "41"}, line) {
				t.Errorf("%q: line %q", text, line)
			}
		}
		lines, stops, hours := got.Form()
		again, err := chat.ParseInterest(city, lines, stops, hours)
		again.Days, again.Placed = got.Days, got.Placed
		if unknown := (*chat.UnknownError)(nil); errors.As(err, &unknown) || !reflect.DeepEqual(again, got) {
			t.Errorf("%q is read as %+v, and that as %+v, %v", text, got, again, err)
		}
		if len(got.Days) > 6 || fmt.Sprint(theBot(w).dayNames("de", got.Days)) == "" && len(got.Days) > 0 {
			t.Errorf("%q: days %v", text, got.Days)
		}
		theBot(w).choiceText("de", got, "")
	})
}
