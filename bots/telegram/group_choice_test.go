package telegram

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
)

func TestAGroupsAdminsChooseWhatItGets(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	chat := addGroup(t, w, fake, supergroup, "Linie 8")
	fake.Lead(chat, "lea")
	fake.Lead(chat, "jan")
	name := "@" + botOf("zuerich")
	from := 0
	say := func(who, text string, fields map[string]any) string {
		t.Helper()
		if fields == nil {
			fields = map[string]any{}
		}
		fields["text"] = text
		fake.SayIn(chat, who, fields)
		if got := receive(t, w, "zuerich"); len(got) != 0 {
			t.Errorf("%s became a report", text)
		}
		var out []string
		for _, sent := range fake.Sent()[from:] {
			if out = append(out, sent.Text); sent.Chat != chat || len(sent.Buttons) > 0 {
				t.Errorf("%s: answered with %+v", text, sent)
			}
		}
		from = len(fake.Sent())
		return strings.Join(out, "|")
	}
	for _, test := range []struct {
		who, text, want string
		fields          map[string]any
	}{
		{"marta", "/lines" + name + " u8", "Nur Admins", nil},
		{"marta", "/all" + name, "Nur Admins", nil},
		{"marta", "/lines" + name, "Du bekommst alle Meldungen.", nil},
		{"lea", "/lines u8", "", nil}, // perhaps for another bot
		{"lea", "/lines" + name + " u8", "Linien: U8", nil},
		{"jan", "/ohneort" + name + " aus", "Keine, von denen", nil},
		{"jan", "/lines" + name + " @marta", "kennen wir hier nicht: @" + wordJoiner + "marta", nil},
		{"marta", "/linien" + name, "Linien: U8\nKeine, von denen niemand weiß, wo es ist.\n\nAdmins dieser Gruppe können das ändern, zum Beispiel mit: /linien" + name, nil},
		{"marta", "/days" + name + " mo", "Nur Admins", map[string]any{"sender_chat": map[string]any{"id": -1005, "type": "channel", "title": "x"}}},
		{"marta", "/stops" + name + " rudow", "Haltestellen: Rudow", map[string]any{"sender_chat": map[string]any{"id": chat, "type": "supergroup", "title": "x"}}},
	} {
		if got := say(test.who, test.text, test.fields); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s says %s: %q, want %q", test.who, test.text, got, test.want)
		}
	}
	asked := 0
	for _, call := range fake.Calls() {
		if call == "getChatAdministrators" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("Telegram was asked for the admins %d times within a minute", asked)
	}
	for _, text := range []string{"u8", "m10", "rudow", "irgendwo"} {
		send(t, w, a, about(w, text, text))
	}
	var got []string
	for _, sent := range fake.Sent()[from:] {
		got = append(got, sent.Text)
	}
	if !slices.Equal(got, []string{"u8", "rudow"}) {
		t.Errorf("the group got %q", got)
	}
}

func TestAGroupWhoseAdminsAreNotKnownKeepsItsChoiceAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	chat := addGroup(t, w, fake, supergroup, "Linie 8")
	fake.Lead(chat, "lea")
	row, c := account(t, w, "zuerich")
	fake.SayIn(chat, "lea", map[string]any{"text": "/lines@" + botOf("zuerich") + " u8"})
	updates, err := c.getUpdates(t.Context(), nextOffset(row, w.Core.Now()), maxUpdates, 0)
	must(t, err)
	for _, fault := range []bottest.Fault{bottest.Internal, bottest.TooMany, bottest.HTML, ""} {
		fake.Fail(fault)
		_, err = theBot(w).handleRaw(t.Context(), row, updates[0], nil)
		must(t, err)
		fake.Heal()
		v, _, err := theBot(w).store.findChat(t.Context(), "zuerich", chat)
		must(t, err)
		if chosen := len(v.Interest) > 0; chosen != (fault == "") {
			t.Errorf("%q: chosen %v", fault, chosen)
		}
	}
	w.Advance(2 * time.Minute)
	must(t, theBot(w).drainReplies(t.Context(), row, c))
	if sent := fake.Sent(); len(sent) != 2 || !strings.Contains(sent[0].Text, "versuch es noch einmal") || !strings.Contains(sent[1].Text, "Linien: U8") {
		t.Errorf("replies: %v", sent)
	}
}
