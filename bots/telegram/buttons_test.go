package telegram

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/chat"
	"linienfunk/bots/telegram/telegramtest"
)

// labels returns the labels of the buttons under the last message.
func labels(fake *telegramtest.Server) (out []string) {
	sent := fake.Sent()
	for _, b := range slices.Concat(sent[len(sent)-1].Buttons...) {
		out = append(out, b.Text)
	}
	return out
}

func TestButtonsChooseDaysAndReportsWithoutAPlaceAndTheMessageFollows(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	subscribe(t, w, fake, "marta")
	fake.Say(botOf("zuerich"), "marta", "/tage")
	receive(t, w, "zuerich")
	messages := len(fake.Sent())
	for _, test := range []struct{ press, days, text string }{
		{"✓ Sa", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|Sa|✓ So", "Tage: Mo Di Mi Do Fr So"},
		{"✓ So", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|Sa|So", "Tage: Mo Di Mi Do Fr"},
		{"Sa", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|So", "Tage: Mo Di Mi Do Fr Sa"},
		{"✓ Meldungen ohne Ort", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|So", "Keine, von denen"},
		{"So", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|✓ So", "Keine, von denen"},
		{"Meldungen ohne Ort", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|✓ So", "Du bekommst alle Meldungen."},
		{"✓ Mo", "Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|✓ So", "Tage: Di"},
		{"Wieder alle Meldungen", "✓ Mo|✓ Di|✓ Mi|✓ Do|✓ Fr|✓ Sa|✓ So", "Du bekommst alle Meldungen."},
	} {
		if !fake.Press(botOf("zuerich"), "marta", test.press) {
			t.Fatalf("there is no button %q among %q", test.press, labels(fake))
		}
		receive(t, w, "zuerich")
		got := labels(fake)
		last := fake.Sent()[messages-1]
		if strings.Join(got[:7], "|") != test.days || !strings.Contains(last.Text, test.text) || slices.Contains(got, "Wieder alle Meldungen") != !strings.Contains(last.Text, "alle Meldungen.") {
			t.Errorf("after %q: %q below\n%s", test.press, got, last.Text)
		}
	}
	if len(fake.Sent()) != messages || fake.UnansweredPresses() != 0 {
		t.Errorf("%d messages instead of %d, %d presses are not answered", len(fake.Sent()), messages, fake.UnansweredPresses())
	}
}

func TestButtonsOfOthersOfOlderMessagesAndWithoutASubscriptionDoNoHarm(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	subscribe(t, w, fake, "marta")
	fake.Say(botOf("zuerich"), "marta", "/lines u8")
	receive(t, w, "zuerich")
	wants := func() chat.Interest {
		v, _, err := theBot(w).store.findChat(t.Context(), "zuerich", fake.Person("marta"))
		must(t, err)
		return theBot(w).interest(v)
	}
	want := chat.Interest{Lines: []string{"U8"}}
	for _, data := range []string{"", "choose", "choose:", "choose:all:on", "choose:day:7:on", "choose:day:-1:on", "choose:day:1", "choose:day:01:off", "choose:unplaced:maybe", "other:day:1:off", "choose:day:1:off ", strings.Repeat("x", 64)} {
		fake.PressData(botOf("zuerich"), "marta", data)
		if receive(t, w, "zuerich"); !reflect.DeepEqual(wants(), want) {
			t.Errorf("%q changes the choice to %+v", data, wants())
		}
	}
	member := map[string]any{"id": fake.Person("jan"), "is_bot": false, "first_name": "jan"}
	for _, message := range []any{
		map[string]any{"message_id": 1, "date": 1, "chat": map[string]any{"id": fake.Person("marta"), "type": "private"}}, // not the owner of the chat
		map[string]any{"message_id": 1, "date": 1, "chat": map[string]any{"id": -5, "type": "group"}},
		map[string]any{"message_id": 1, "date": 0, "chat": map[string]any{"id": fake.Person("jan"), "type": "private"}}, // no longer there
		nil,
		"no object",
	} {
		fake.Queue(botOf("zuerich"), map[string]any{"callback_query": map[string]any{"id": "7", "from": member, "chat_instance": "1", "data": "choose:all", "message": message}})
	}
	if receive(t, w, "zuerich"); !reflect.DeepEqual(wants(), want) {
		t.Errorf("a foreign press changes the choice to %+v", wants())
	}
	edits := func() (n int) {
		for _, sent := range fake.Sent() {
			n += sent.Edits
		}
		return n
	}
	if edits() != 0 {
		t.Errorf("%d messages were edited", edits())
	}
	fake.PressData(botOf("zuerich"), "marta", "choose:unplaced:off")
	fake.ForgetPresses() // too late to answer
	if receive(t, w, "zuerich"); !wants().Placed || edits() != 1 {
		t.Errorf("a late press: %+v, %d edits", wants(), edits())
	}
	must(t, theBot(w).store.removeChat(t.Context(), "zuerich", fake.Person("marta")))
	fake.PressData(botOf("zuerich"), "marta", "choose:all")
	receive(t, w, "zuerich")
	sent := fake.Sent()
	if _, known, _ := theBot(w).store.findChat(t.Context(), "zuerich", fake.Person("marta")); known || !strings.Contains(sent[len(sent)-1].Text, "noch keine Meldungen") {
		t.Errorf("without a subscription: known %v, %q", known, sent[len(sent)-1].Text)
	}
}

// The library cannot decode a message with a new kind of media.
func TestAPressBelowAMessageThatCannotBeDecodedCounts(t *testing.T) {
	t.Parallel()
	u, err := parseUpdate([]byte(`{"update_id":9,"callback_query":{"id":"7","from":{"id":5,"is_bot":false},"data":"choose:all","message":{"message_id":3,"date":1,"chat":{"id":5,"type":"private"},"paid_media":{"paid_media":[{"type":"new"}]}}}}`))
	must(t, err)
	if q := u.CallbackQuery; q == nil || !isPrivatePress(q) || q.Message.Message.ID != 3 || q.Data != "choose:all" || q.ID != "7" {
		t.Errorf("got %+v", q)
	}
}

func TestTheLastDayStays(t *testing.T) {
	t.Parallel()
	monday := chat.Interest{Days: []time.Weekday{time.Monday}}
	if got, ok := pressed(monday, "choose:day:1:off"); !ok || !reflect.DeepEqual(got, monday) {
		t.Errorf("%+v %v", got, ok)
	}
}

func FuzzPress(f *testing.F) {
	for _, data := range []string{"choose:all", "choose:day:1:on", "choose:day:6:off", "choose:unplaced:on", "choose:day:9:on", "choose::"} {
		f.Add(data)
	}
	known := []string{"choose:all", "choose:unplaced:on", "choose:unplaced:off"}
	for day := range 7 {
		known = append(known, fmt.Sprintf("choose:day:%d:on", day), fmt.Sprintf("choose:day:%d:off", day))
	}
	f.Fuzz(func(t *testing.T, data string) {
		before := chat.Interest{Lines: []string{"U8"}, Days: []time.Weekday{time.Sunday}}
		once, ok := pressed(before, data)
		twice, _ := pressed(once, data)
		if ok != slices.Contains(known, data) || !ok && !reflect.DeepEqual(once, before) || !reflect.DeepEqual(once, twice) {
			t.Errorf("%q: %v, %+v, then %+v", data, ok, once, twice)
		}
	})
}
