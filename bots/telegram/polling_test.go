package telegram

import (
	"context"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

func TestUpdateIDsMayContinueAnywhereAfterAQuietWeek(t *testing.T) {
	t.Parallel()
	for _, next := range []int64{5, 700_002, 900_000_000} {
		w, fake, _ := newConnected(t)
		fake.Say(botOf("zuerich"), "marta", "kontrolle eins")
		receive(t, w, "zuerich")
		w.Advance(7 * 24 * time.Hour)
		receive(t, w, "zuerich") // confirms the first
		fake.SetNextUpdate(botOf("zuerich"), next)
		fake.Say(botOf("zuerich"), "marta", "kontrolle zwei")
		fake.Say(botOf("zuerich"), "marta", "kontrolle drei")
		if got := texts(receive(t, w, "zuerich")); !strings.HasSuffix(got, "kontrolle zwei|kontrolle drei") {
			t.Errorf("at %d: %s", next, got)
		}
		if fake.PendingUpdates(botOf("zuerich")) != 0 {
			t.Error("updates are not confirmed")
		}
	}
}

func TestUpdateIDsMayContinueAnywhereDuringPolling(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	theBot(w).limits.longPoll = 0
	got := make(chan string, 10)
	startRecv(t, w, a, func(_ context.Context, r report.Report) error { got <- r.Text; return nil })
	fake.Say(botOf("zuerich"), "marta", "kontrolle eins")
	testkit.Next(t, got)
	testkit.Eventually(t, "the update is confirmed", func() bool { return fake.PendingUpdates(botOf("zuerich")) == 0 })
	w.Advance(7 * 24 * time.Hour)
	asked := len(fake.Calls()) + 1 // one may be in flight
	testkit.Eventually(t, "the bot polls again", func() bool { return len(fake.Calls()) > asked })
	fake.SetNextUpdate(botOf("zuerich"), 699_995) // a little below, or the fake ignores the offset as Telegram does
	fake.Say(botOf("zuerich"), "marta", "kontrolle zwei")
	if text := testkit.Next(t, got); text != "kontrolle zwei" {
		t.Error(text)
	}
}

func TestAdminsSeeThatAnotherProgramReadsTheSameBot(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	_, c := account(t, w, "zuerich")
	ended := make(chan error, 1)
	got := make(chan string, 10)
	go func() {
		ended <- theBot(w).Recv(t.Context(), a, func(_ context.Context, r report.Report) error { got <- r.Text; return nil })
	}()
	fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	<-got // the bot polls
	for {
		// The other program polls now and then, until it interrupts a poll of the first.
		_, err := c.getUpdates(t.Context(), 0, 1, 0)
		must(t, err)
		select {
		case err := <-ended:
			if e := bots.AsError(err); e.Kind != bots.KindRetry || e.Say != "error-conflict" {
				t.Errorf("got %v", err)
			}
			return
		default:
		}
	}
}

func TestAWebhookOfAnotherProgramIsRemoved(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	setOther := func() {
		_, c := account(t, w, "zuerich")
		must(t, theBot(w).setWebhook(t.Context(), Account{WebhookID: "theirs"}, c))
	}
	setOther()
	fake.Say(botOf("zuerich"), "marta", "kontrolle u8")
	set := false
	err := theBot(w).Recv(t.Context(), a, func(context.Context, report.Report) error {
		if !set { // and once more during polling
			set = true
			setOther()
		}
		return nil
	})
	if e := bots.AsError(err); e.Say != "error-webhook-set" || e.Kind != bots.KindRetry {
		t.Errorf("got %v", err)
	}
}

func TestTheNameOfARenamedBotIsReadAtTheNextStart(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.Rename(botOf("zuerich"), "ZuercherBot")
	startRecv(t, w, a, nil)
	testkit.Eventually(t, "the new name is known", func() bool {
		row, _, err := theBot(w).account(t.Context(), "zuerich")
		return err == nil && row.Username == "ZuercherBot"
	})
}
