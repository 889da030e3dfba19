package mastodon

import (
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
)

// swallowed sends a report that the instance accepts without responding, and ends the fault.
func swallowed(t testing.TB, w *bottest.World, fake *mastodontest.Server, a bots.Account, id, text string) {
	t.Helper()
	before := len(fake.Timeline("zuerich"))
	patience := w.Bot.(*bot).timing.call
	w.Bot.(*bot).timing.call = 200 * time.Millisecond
	fake.FailPath(bottest.Swallow, "/api/v1/statuses")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other(id, text))
	bottest.WantError(t, err, bots.KindRetry, "error-unreachable")
	testkit.Eventually(t, "post", func() bool { return len(fake.Timeline("zuerich")) == before+1 })
	fake.Heal()
	w.Bot.(*bot).timing.call = patience
}

func TestAPostWhoseResponseWasLostIsFoundOnServersWithoutIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	w.SetOption(t, "zuerich", "hashtag", "ZüriFunk")
	text := "kontrolle u8, @bob: https://example.org/?a=1&b=2\nzwei männer"
	swallowed(t, w, fake, a, "1", text)
	w.Restart(t)
	receipt := send(t, w, a, other("1", text))
	got := fake.Timeline("zuerich")
	if len(got) != 1 || receipt.ID != remoteID(fake.URL, "")+got[0].ID {
		t.Errorf("receipt %v, timeline %+v", receipt, got)
	}
}

func TestAnotherReportWithTheSameTextIsNotMistakenForTheLostOne(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	send(t, w, a, other("1", "kontrolle u8"))
	fake.FailPath(bottest.Internal, "/api/v1/statuses")
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("2", "kontrolle u8")); err == nil {
		t.Fatal("no error")
	}
	fake.Heal()
	send(t, w, a, other("2", "kontrolle u8"))
	wantPosts(t, fake, 2)
}

func TestAPostWhoseResponseWasLostIsFoundAfterTheServerForgotItsKey(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.Mastodon)
	swallowed(t, w, fake, a, "1", "kontrolle u8")
	w.Advance(2 * time.Hour)
	send(t, w, a, other("1", "kontrolle u8"))
	wantPosts(t, fake, 1)
}

func TestSentPostsAreForgottenAfterTwoDays(t *testing.T) {
	t.Parallel()
	w, _, a := newConnectedTo(t, mastodontest.Mastodon)
	send(t, w, a, other("1", "kontrolle u8"))
	w.Advance(49 * time.Hour)
	send(t, w, a, other("2", "kontrolle u9"))
	var rows []Post
	if err := w.Core.DB.Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Errorf("%d rows are kept: %v", len(rows), err)
	}
}

func TestAReportThatTheOldInstanceDidNotAcceptIsSentOnTheNewOne(t *testing.T) {
	t.Parallel()
	w, old := newWorld(t)
	a := connect(t, w, old, "zuerich", "zuerich")
	old.FailPath(bottest.Internal, "/api/v1/statuses")
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "kontrolle u8")); err == nil {
		t.Fatal("no error")
	}
	fresh := mastodontest.New(t)
	a = connect(t, w, fresh, "zuerich", "zuerich")
	receipt := send(t, w, a, other("1", "kontrolle u8"))
	if _, here := localID(fresh.URL, receipt.ID); !here || len(fresh.Timeline("zuerich")) != 1 {
		t.Errorf("receipt %v", receipt)
	}
}
