package telegram

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
)

// addGroup adds a group or channel with the bot of zuerich in it and confirms it. It returns the chat's id.
func addGroup(t testing.TB, w *bottest.World, fake *telegramtest.Server, kind, title string) int64 {
	t.Helper()
	chat := fake.AddChat(botOf("zuerich"), kind, title)
	receive(t, w, "zuerich")
	confirmAll(t, w, "zuerich")
	return chat
}

// confirmAll confirms all unconfirmed groups and channels.
func confirmAll(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	rows, err := theBot(w).store.listGroups(t.Context(), city)
	must(t, err)
	for _, row := range rows {
		wantDone(t, w.Submit(t, city, fmt.Sprintf("/groups/%d/confirm", row.ID), nil))
	}
}

func TestAGroupOrChannelGetsReportsOnceAnAdminConfirmsIt(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{group, supergroup, channel} {
		w, fake, a := newConnected(t)
		chat := fake.AddChat(botOf("zuerich"), kind, "Linie <4>")
		receive(t, w, "zuerich")
		if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 0 {
			t.Errorf("%s: it gets reports before it is confirmed", kind)
		}
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "Linie &lt;4&gt;") || !strings.Contains(page, "waits to be confirmed") {
			t.Errorf("%s: the page does not offer it:\n%s", kind, page)
		}
		confirmAll(t, w, "zuerich")
		if served := send(t, w, a, other(w, "2", "kontrolle u8 @marta")); served != 1 {
			t.Errorf("%s: it gets no reports", kind)
		}
		if sent := fake.Sent(); len(sent) != 1 || sent[0].Chat != chat || sent[0].Text != "kontrolle u8 @"+wordJoiner+"marta" {
			t.Errorf("%s: %v", kind, sent)
		}
		fake.Kick(botOf("zuerich"), chat)
		receive(t, w, "zuerich")
		if page := w.Settings(t, "zuerich", "en"); strings.Contains(page, "Linie") {
			t.Errorf("%s: it is still there after the bot was removed", kind)
		}
	}
}

func TestInGroupsOnlyCommandsAndMentionsAreReportsUnlessTheCityWantsAll(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.ReadAll(botOf("zuerich"))
	chat := fake.AddChat(botOf("zuerich"), supergroup, "Linie 4")
	say := func(texts ...string) {
		for _, text := range texts {
			fake.SayIn(chat, "marta", map[string]any{"text": text})
		}
	}
	say("/report kontrolle davor")
	if got := texts(receive(t, w, "zuerich")); got != "" {
		t.Errorf("reports of an unconfirmed group: %s", got)
	}
	confirmAll(t, w, "zuerich")
	said := []string{"guten morgen", "/report kontrolle u8", "/melden@Zuerich_bot kontrolle u6", "@zuerich_BOT kontrolle u4", "/report@OtherBot nein",
		"kontrolle u2, @zuerich_Bot!", "@zuerich_Bot2 nein", "x@zuerich_Bot nein", "/ban nein", "/help@zuerich_Bot"}
	say(said...)
	got := receive(t, w, "zuerich")
	if texts(got) != "kontrolle u8|kontrolle u6|kontrolle u4|kontrolle u2!" {
		t.Errorf("reports: %s", texts(got))
	}
	for _, r := range got {
		if r.Private || r.Author == "" || r.Ref == "" {
			t.Errorf("report %+v", r)
		}
	}
	if sent := fake.Sent(); len(sent) != 1 || sent[0].Chat != chat {
		t.Errorf("replies: %v", sent)
	}
	w.SetOption(t, "zuerich", "group_all", true)
	say(said...)
	if got := texts(receive(t, w, "zuerich")); got != "guten morgen|kontrolle u8|kontrolle u6|kontrolle u4|kontrolle u2!|@zuerich_Bot2 nein|x@zuerich_Bot nein" {
		t.Errorf("reports: %s", got)
	}
}

// https://core.telegram.org/bots/api#message: is_topic_message and message_thread_id. Outside of forums the latter numbers a thread of
// replies, which accepts no messages.
func TestAReplyGoesToTheTopicOfTheForumWhereSomebodyAsked(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	group := addGroup(t, w, fake, supergroup, "Linie 4")
	first, second := fake.AddTopic(group), fake.AddTopic(group)
	ask := func(fields map[string]any) {
		fields["text"] = "/help@" + botOf("zuerich")
		fake.SayIn(group, "marta", fields)
	}
	ask(map[string]any{"message_thread_id": first, "is_topic_message": true})
	ask(map[string]any{"message_thread_id": second, "is_topic_message": true})
	ask(map[string]any{"message_thread_id": second, "is_topic_message": true})
	ask(map[string]any{"message_thread_id": 77})
	ask(map[string]any{"message_thread_id": first, "is_topic_message": true, "paid_media": map[string]any{"paid_media": []any{map[string]any{"type": "new"}}}})
	receive(t, w, "zuerich")
	var topics []int
	for _, sent := range fake.Sent() {
		topics = append(topics, sent.Topic)
	}
	if !slices.Equal(topics, []int{first, second, 0}) {
		t.Errorf("replies to the topics %v, want %d, %d and the general one", topics, first, second)
	}
}

func TestThePageSaysWhenPrivacyModeHidesMessages(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	if strings.Contains(w.Settings(t, "zuerich", "en"), "/setprivacy") {
		t.Error("the page says so, but the option for all messages is off")
	}
	w.SetOption(t, "zuerich", "group_all", true)
	if !strings.Contains(w.Settings(t, "zuerich", "en"), "/setprivacy") {
		t.Error("the page does not say so")
	}
	fake.ReadAll(botOf("zuerich"))
	if answer := w.Submit(t, "zuerich", "/check", nil); answer.Header().Get("X-Message") == "" {
		t.Errorf("checking: %v", answer.Header())
	}
	if strings.Contains(w.Settings(t, "zuerich", "en"), "/setprivacy") {
		t.Error("the page still says so")
	}
}

func TestAReportGoesNeitherToItsAuthorNorToItsGroup(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	here := fake.AddChat(botOf("zuerich"), group, "hier")
	there := addGroup(t, w, fake, group, "dort")
	subscribe(t, w, fake, "marta", "jan")
	replies := len(fake.Sent())
	fake.SayIn(here, "marta", map[string]any{"text": "/report kontrolle u8"})
	got := receive(t, w, "zuerich")
	got[0].City, got[0].Bot = "zuerich", "telegram"
	if served := send(t, w, a, got[0]); served != 2 {
		t.Errorf("%d served", served)
	}
	for _, sent := range fake.Sent()[replies:] {
		if sent.Chat != there && sent.Chat != fake.Person("jan") {
			t.Errorf("sent to %d", sent.Chat)
		}
	}
}

func TestAGroupThatBecomesASupergroupIsFollowed(t *testing.T) {
	t.Parallel()
	for _, quietly := range []bool{false, true} {
		w, fake, a := newConnected(t)
		chat := addGroup(t, w, fake, group, "Linie 4")
		now := fake.UpgradeGroup(chat, quietly)
		receive(t, w, "zuerich")
		for i := range 2 {
			if served := send(t, w, a, other(w, fmt.Sprint(i), "kontrolle u8")); served != 1 {
				t.Errorf("quietly %v: %d served", quietly, served)
			}
		}
		for _, sent := range fake.Sent() {
			if sent.Chat != now {
				t.Errorf("quietly %v: sent to %d, not to %d", quietly, sent.Chat, now)
			}
		}
		if page := w.Settings(t, "zuerich", "en"); strings.Count(page, "Linie 4</strong>") != 1 || strings.Contains(page, "waits") {
			t.Errorf("quietly %v:\n%s", quietly, page)
		}
		fake.SayIn(now, "marta", map[string]any{"text": "/report kontrolle u6"})
		if got := texts(receive(t, w, "zuerich")); got != "kontrolle u6" {
			t.Errorf("quietly %v: reports %s", quietly, got)
		}
	}
}

func TestAGroupThatRejectsAMessageStaysAndThePageSaysWhy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code              int
		description, says string
	}{
		{400, "Bad Request: not enough rights to send text messages to the chat", "Is the bot allowed to write there?"},
		{400, "Bad Request: need administrator rights in the channel chat", "Is the bot allowed to write there?"},
		{403, "Forbidden: CHAT_WRITE_FORBIDDEN", "Is the bot allowed to write there?"},
		{400, "Bad Request: TOPIC_CLOSED", "the general topic is closed"},
	} {
		w, fake, a := newConnected(t)
		group := addGroup(t, w, fake, supergroup, "Linie 4")
		subscribe(t, w, fake, "marta")
		fake.Refuse(group, test.code, test.description)
		if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 1 {
			t.Errorf("%s: %d served", test.description, served)
		}
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "Linie 4") || !strings.Contains(page, test.says) {
			t.Errorf("%s:\n%s", test.description, page)
		}
	}
}

func TestARejectedSubscriberDelaysNoGroup(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	addGroup(t, w, fake, supergroup, "Linie 4")
	subscribe(t, w, fake, "marta")
	fake.Restrict("marta")
	if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 1 {
		t.Errorf("%d served", served)
	}
}

func TestAGroupWhereTheBotMayNotWriteIsShownAndDelaysNoOther(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	silent := fake.AddChat(botOf("zuerich"), supergroup, "stumm")
	addGroup(t, w, fake, supergroup, "Linie 4")
	fake.Mute(silent, true)
	if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 1 {
		t.Errorf("%d served", served)
	}
	if !strings.Contains(w.Settings(t, "zuerich", "en"), "rejected the last message") {
		t.Error("the page does not show it")
	}
	fake.Mute(silent, false)
	if served := send(t, w, a, other(w, "2", "kontrolle u8")); served != 2 {
		t.Errorf("%d served", served)
	}
	if strings.Contains(w.Settings(t, "zuerich", "en"), "rejected the last message") {
		t.Error("the page still shows it")
	}
}

func TestARemovedGroupIsLeft(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.AddChat(botOf("zuerich"), supergroup, "Linie 4")
	receive(t, w, "zuerich")
	rows, err := theBot(w).store.listGroups(t.Context(), "zuerich")
	must(t, err)
	path := fmt.Sprintf("/groups/%d/remove", rows[0].ID)
	if answer := w.Submit(t, "ghent", path, nil); answer.Header().Get("X-Failed") == "" {
		t.Error("another city could remove it")
	}
	if answer := w.Submit(t, "zuerich", path, nil); !strings.Contains(answer.Header().Get("X-Message"), "has left") {
		t.Errorf("removing: %v", answer.Header())
	}
	if answer := w.Submit(t, "zuerich", path, nil); answer.Header().Get("X-Failed") == "" {
		t.Error("it could be removed twice")
	}
}

func TestStrangersCannotFillThePageWithGroups(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	confirmed := addGroup(t, w, fake, group, "unsere")
	for i := range 3 * maxPendingGroups {
		fake.AddChat(botOf("zuerich"), group, fmt.Sprint("fremde ", i))
	}
	receive(t, w, "zuerich")
	rows, err := theBot(w).store.listGroups(t.Context(), "zuerich")
	must(t, err)
	if _, known, _ := theBot(w).store.findChat(t.Context(), "zuerich", confirmed); !known || len(rows) != maxPendingGroups+1 {
		t.Errorf("%d groups, ours among them: %v", len(rows), known)
	}
}

func TestAMessageForwardedFromOurOwnChannelIsNotAReport(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	ours := addGroup(t, w, fake, channel, "Meldungen")
	from := func(id int64) map[string]any {
		return map[string]any{"text": fmt.Sprint("aus ", id), "forward_origin": map[string]any{
			"type": "channel", "date": 1, "message_id": 1, "chat": map[string]any{"id": id, "type": "channel", "title": "x"}}}
	}
	fake.SayWith(botOf("zuerich"), "marta", from(ours))
	fake.SayWith(botOf("zuerich"), "marta", from(-100777))
	if got := texts(receive(t, w, "zuerich")); got != "aus -100777" {
		t.Errorf("reports: %s", got)
	}
}

func TestAGroupMigratesOnceHoweverOftenItIsReported(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	s, ctx := theBot(w).store, t.Context()
	const moves = 30
	for i := range int64(moves) {
		must(t, s.addGroup(ctx, "zuerich", -i-1, group, fmt.Sprint("Linie ", i)))
	}
	for i := range int64(moves) {
		var hearing sync.WaitGroup
		for range 4 { // the update, and rejected messages of broadcasts
			hearing.Go(func() {
				if err := s.migrateGroup(ctx, "zuerich", -i-1, -1000-i); err != nil {
					t.Error(err)
				}
			})
		}
		hearing.Wait()
		if _, known, err := s.findChat(ctx, "zuerich", -1000-i); !known || err != nil {
			t.Fatalf("group %d is lost: %v", i, err)
		}
	}
}

func TestAMigratedGroupStaysConfirmedUnderEitherID(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []int64{-5, -1005} {
		w, _ := newWorld(t)
		s, ctx := theBot(w).store, t.Context()
		for _, chat := range []int64{-5, -1005} {
			must(t, s.addGroup(ctx, "zuerich", chat, group, "Linie 4"))
		}
		row, _, err := s.findChat(ctx, "zuerich", confirmed)
		must(t, err)
		must(t, s.update(ctx, row, map[string]any{"active": true}))
		must(t, s.migrateGroup(ctx, "zuerich", -5, -1005))
		rows, err := s.listGroups(ctx, "zuerich")
		must(t, err)
		if len(rows) != 1 || !rows[0].Active {
			t.Errorf("confirmed as %d: %d rows, active %v", confirmed, len(rows), rows[0].Active)
		}
	}
}
