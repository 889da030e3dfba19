package telegram

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
)

func TestStartSubscribesAndStopEndsIt(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.Say(botOf("zuerich"), "marta", "/start campaign")
	fake.Say(botOf("zuerich"), "jan", "/START@zuerich_bot")
	fake.Say(botOf("zuerich"), "marta", "/start")
	if got := receive(t, w, "zuerich"); len(got) != 0 {
		t.Errorf("commands became reports: %v", texts(got))
	}
	if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 2 {
		t.Errorf("%d served", served)
	}
	fake.Say(botOf("zuerich"), "marta", "/stop")
	receive(t, w, "zuerich")
	if served := send(t, w, a, other(w, "2", "kontrolle u6")); served != 1 {
		t.Errorf("%d served after one has gone", served)
	}
}

func TestAnyOtherTextIsAReportAndCommandsGetAReply(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	for _, text := range []string{"kontrolle u8", "/help", "/weather", "/report kontrolle u6", "/melden", "/ kontrolle", "kontrolle /stop", "/stop@OtherBot now"} {
		fake.Say(botOf("zuerich"), "marta", text)
	}
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8|kontrolle u6|/ kontrolle|kontrolle /stop|/stop@OtherBot now" {
		t.Errorf("reports: %s", got)
	}
	sent := fake.Sent()
	if len(sent) != 1 || !strings.Contains(sent[0].Text, "/start") { // one reply to three messages
		t.Errorf("replies: %v", sent)
	}
}

func TestPhotosVoiceMessagesAndFilesGetAReplyAndTheirCaptionIsAReport(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	file := map[string]any{"file_id": "secret-file", "file_unique_id": "x", "file_size": 10}
	for _, fields := range []map[string]any{
		{"photo": []any{map[string]any{"file_id": "secret-file", "width": 1, "height": 1}}, "caption": "kontrolle u8"},
		{"voice": file}, {"document": file}, {"video": file}, {"sticker": file}, {"location": map[string]any{"latitude": 1, "longitude": 1}},
	} {
		fake.SayWith(botOf("zuerich"), "marta", fields)
	}
	fake.SayWith(botOf("zuerich"), "jan", map[string]any{"pinned_message": map[string]any{"message_id": 1, "date": 0, "chat": map[string]any{"id": 1}}})
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8" {
		t.Errorf("reports: %s", got)
	}
	sent := fake.Sent()
	if len(sent) != 1 || sent[0].Chat != fake.Person("marta") || !strings.Contains(sent[0].Text, "Bilder") {
		t.Errorf("replies: %v", sent)
	}
	if strings.Contains(w.Log.String(), "secret-file") {
		t.Error("the file is in the log")
	}
}

func TestACaptionIsReadLikeAText(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta", "jan")
	replies := len(fake.Sent())
	photo := func(caption string) map[string]any {
		return map[string]any{"photo": []any{map[string]any{"file_id": "x", "width": 1, "height": 1}}, "caption": caption}
	}
	for _, caption := range []string{
		"/report kontrolle u8", "/melden@zuerich_Bot kontrolle u7", "kontrolle @zuerich_bot u4", "@zuerich_Bot: kontrolle u2", "@zuerich_Bot /melden kontrolle u1", "/melden", "/stop",
	} {
		fake.SayWith(botOf("zuerich"), "marta", photo(caption))
	}
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8|kontrolle u7|kontrolle u4|kontrolle u2|kontrolle u1" {
		t.Errorf("reports: %s", got)
	}
	if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 1 {
		t.Errorf("%d served after /stop", served)
	}
	var said []string
	for _, sent := range fake.Sent()[replies:] {
		if sent.Chat == fake.Person("marta") {
			said = append(said, sent.Text)
		}
	}
	if len(said) != 2 || !strings.Contains(said[0], "Bilder") || !strings.Contains(said[1], "keine Meldungen mehr") {
		t.Errorf("replies: %q", said)
	}
	group := addGroup(t, w, fake, supergroup, "Linie 4")
	for _, caption := range []string{"/report kontrolle u8", "/melden@zuerich_Bot kontrolle u7", "@zuerich_Bot /report kontrolle u6", "/stop"} {
		fake.SayIn(group, "marta", photo(caption))
	}
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8|kontrolle u7|kontrolle u6" {
		t.Errorf("reports of a group: %s", got)
	}
}

func TestACityWritesItsOwnReplies(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	w.SetOption(t, "zuerich", "welcome", "Sali {{.City}}")
	w.SetOption(t, "zuerich", "thanks", "Merci")
	fake.Say(botOf("zuerich"), "marta", "/start")
	fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	fake.Say(botOf("zuerich"), "marta", "/stop")
	receive(t, w, "zuerich")
	var said []string
	for _, sent := range fake.Sent() {
		said = append(said, sent.Text)
	}
	if len(said) != 3 || said[0] != "Sali {{.City}}" || said[1] != "Merci" || !strings.Contains(said[2], "keine Meldungen mehr") {
		t.Errorf("replies: %q", said)
	}
}

func TestASubscriberWhoBlocksTheBotOrWasDeletedIsRemoved(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta", "jan", "lea")
	must(t, theBot(w).store.subscribe(t.Context(), "zuerich", 42, chat.Interest{})) // a user whom Telegram has deleted
	fake.Block(botOf("zuerich"), "marta", false)
	receive(t, w, "zuerich")
	fake.Block(botOf("zuerich"), "jan", true)
	if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != 1 {
		t.Errorf("%d served", served)
	}
	if count, _ := theBot(w).store.countPrivate(t.Context(), "zuerich"); count != 1 {
		t.Errorf("%d subscribers are left", count)
	}
}

// Telegram's apps for phones send /start as well, those for the desktop do not.
func TestARiderWhoUnblocksTheBotIsWelcomedAndToldHowToSubscribeAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, own string
		start     bool
		want      string
		served    int
	}{
		{name: "on the desktop", want: "Willkommen zurück bei Zürich! Schick /start, um wieder alle"},
		{name: "with the city's own welcome", own: "Sali!", want: "Sali!\n\nSchick /start"},
		{name: "on a phone", start: true, want: "Willkommen bei Zürich! Du bekommst jetzt", served: 1},
	} {
		w, fake, a := newConnected(t)
		w.SetOption(t, "zuerich", "welcome", test.own)
		subscribe(t, w, fake, "marta")
		fake.Block(botOf("zuerich"), "marta", false)
		receive(t, w, "zuerich")
		replies := len(fake.Sent())
		fake.Unblock(botOf("zuerich"), "marta")
		if test.start {
			fake.Say(botOf("zuerich"), "marta", "/start")
		}
		receive(t, w, "zuerich")
		if sent := fake.Sent()[replies:]; len(sent) != 1 || !strings.HasPrefix(sent[0].Text, test.want) {
			t.Errorf("%s: %v", test.name, sent)
		}
		if served := send(t, w, a, other(w, "1", "kontrolle u8")); served != test.served {
			t.Errorf("%s: %d served", test.name, served)
		}
	}
}

func TestAnEditedMessageIsNotASecondReport(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	fake.Edit(botOf("zuerich"), "kontrolle u9")
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8" {
		t.Errorf("reports: %s", got)
	}
}

func TestMessagesOfBotsAndForwardsOfOursAreNotReports(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	me := map[string]any{"id": fake.BotID(botOf("zuerich")), "is_bot": true, "first_name": "x"}
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "a", "from": map[string]any{"id": 7, "is_bot": true, "first_name": "x"}})
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "b", "via_bot": me})
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "c", "forward_origin": map[string]any{"type": "user", "date": 1, "sender_user": me}})
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "d", "is_automatic_forward": true})
	if got := texts(receive(t, w, "zuerich")); got != "" {
		t.Errorf("reports: %s", got)
	}
}

// https://core.telegram.org/bots/api#message: a message with sender_chat has a placeholder bot as sender.
func TestAdminsCanReportAsTheirGroupOrAChannelAndInTopics(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	group := addGroup(t, w, fake, supergroup, "Linie 4")
	as := func(text string, bot, sender int64, fields map[string]any) {
		fields["text"] = text
		fields["from"] = map[string]any{"id": bot, "is_bot": true, "first_name": "x"}
		fields["sender_chat"] = map[string]any{"id": sender, "type": "supergroup", "title": "x"}
		fake.SayIn(group, "marta", fields)
	}
	as("/report als gruppe", 1087968824, group, map[string]any{})
	as("/report als kanal", 136817688, -1005, map[string]any{})
	as("/report vom kanal der gruppe", 777000, -1005, map[string]any{"is_automatic_forward": true})
	fake.SayIn(group, "marta", map[string]any{"text": "/report im thema", "message_thread_id": 7, "is_topic_message": true})
	got := receive(t, w, "zuerich")
	if texts(got) != "als gruppe|als kanal|im thema" {
		t.Fatalf("reports: %s", texts(got))
	}
	if got[0].Author == got[1].Author || got[1].Author == got[2].Author || got[0].Private {
		t.Errorf("authors of %+v", got)
	}
}

func TestAMessageThatWaitedAtTelegramKeepsItsTime(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	at := time.Now().Add(-20 * time.Hour).Truncate(time.Second)
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "kontrolle u8", "date": at.Unix()})
	if got := receive(t, w, "zuerich"); len(got) != 1 || !got[0].At.Equal(at) || !got[0].Private || got[0].URL != "" || got[0].Ref != "" {
		t.Errorf("got %+v", got)
	}
}

func TestAnUpdateThatCannotBeDecodedHidesNoOther(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.Queue(botOf("zuerich"), map[string]any{"my_chat_member": map[string]any{"new_chat_member": map[string]any{"status": "of a new kind"}}})
	fake.Queue(botOf("zuerich"), map[string]any{"message": "no object"})
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"text": "kontrolle u8", "reply_to_message": map[string]any{"paid_media": map[string]any{"paid_media": []any{map[string]any{"type": "new"}}}}})
	fake.Say(botOf("zuerich"), "marta", "kontrolle u6")
	fake.SayWith(botOf("zuerich"), "marta", map[string]any{"caption": "kontrolle u4", "paid_media": map[string]any{"paid_media": []any{map[string]any{"type": "new"}}}})
	if got := texts(receive(t, w, "zuerich")); got != "kontrolle u8|kontrolle u6|kontrolle u4" {
		t.Errorf("reports: %s", got)
	}
}

func TestErrorsContainNeitherTheTokenNorATextNorTelegramsDescription(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta")
	_, token, err := theBot(w).accounts.Load(t.Context(), "zuerich")
	must(t, err)
	row, c := account(t, w, "zuerich")
	faults := []bottest.Fault{bottest.TooMany, bottest.Internal, bottest.Hang, bottest.HTML, bottest.Truncate, bottest.Refuse, bottest.Revoke, "refused connection"}
	for _, fault := range faults {
		fake.Fail(fault)
		if fault == "refused connection" {
			theBot(w).api = "http://127.0.0.1:1"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, _, first := theBot(w).SendPage(ctx, a, other(w, string(fault), "kontrolle geheimwort"), "")
		_, second := c.getUpdates(ctx, 0, 1, 0)
		third := theBot(w).removeWebhook(ctx, c)
		cancel()
		fake.Heal()
		w.Advance(8 * time.Second)
		theBot(w).pause(t.Context(), row, 0)
		all := errors.Join(first, second, third)
		for _, secret := range []string{token, token[:8], "geheimwort", "acceptable", "/bot"} {
			if all != nil && strings.Contains(all.Error(), secret) || strings.Contains(w.Log.String(), secret) {
				t.Errorf("%s: %q is in an error or the log: %v", fault, secret, all)
			}
		}
		if first == nil {
			t.Errorf("%s: no error", fault)
		}
	}
}

func TestA429WithoutRetryAfterMeansHalfAMinute(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	subscribe(t, w, fake, "marta")
	fake.FailWithoutRetryAfter()
	_, _, err := theBot(w).SendPage(t.Context(), a, other(w, "1", "x"), "")
	if e := bots.AsError(err); e.Kind != bots.KindRetryAfter || e.After != defaultRetryAfter {
		t.Errorf("got %v after %v", err, e.After)
	}
}

func TestQueuedRepliesSurviveARestartUnlessTheyAreTooLate(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]int{0: 1, replyLifetime + time.Minute: 0} {
		w, fake, _ := newConnected(t)
		fake.Say(botOf("zuerich"), "marta", "/start")
		row, c := account(t, w, "zuerich")
		found, err := c.getUpdates(t.Context(), 0, 1, 0)
		must(t, err)
		_, err = theBot(w).handleRaw(t.Context(), row, found[0], nil)
		must(t, err)
		w.Advance(wait)
		w.Restart(t)
		receive(t, w, "zuerich")
		receive(t, w, "zuerich")
		if sent := fake.Sent(); len(sent) != want {
			t.Errorf("after %v: %v", wait, sent)
		}
	}
}
