package mastodon

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
)

func TestTheErrorSaysWhatHappenedToTheAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*mastodontest.Account)
		want   string
	}{
		"it moved":                     {func(a *mastodontest.Account) { a.Moved = "zuerich@new.example" }, "error-moved"},
		"moderators suspended it":      {func(a *mastodontest.Account) { a.Suspended = true }, "error-suspended"},
		"moderators disabled it":       {func(a *mastodontest.Account) { a.Disabled = true }, "error-disabled"},
		"it moved and cannot read":     {func(a *mastodontest.Account) { a.Moved, a.Disabled = "zuerich@new.example", true }, "error-moved"},
		"it was suspended after moves": {func(a *mastodontest.Account) { a.Moved, a.Suspended = "zuerich@new.example", true }, "error-suspended"},
	} {
		t.Run(name, func(t *testing.T) {
			w, fake, a := newConnected(t)
			fake.Change("zuerich", c.change)
			bottest.WantError(t, recvOnce(t, w, a), bots.KindRevoked, c.want)
			wantFailed(t, w, w.Submit(t, "zuerich", "/check", nil), c.want)
		})
	}
}

func TestAMoveIsNoticedWhileRunningAndWhenSending(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	w.Bot.(*bot).timing.selfCheck = 0
	in := receive(t, w, a, nil)
	mention(fake)
	in.next(t)
	fake.Change("zuerich", func(a *mastodontest.Account) { a.Moved = "zuerich@new.example" })
	bottest.WantError(t, testkit.Peek(t, in.ended), bots.KindRevoked, "error-moved")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "x"))
	bottest.WantError(t, err, bots.KindRevoked, "error-moved")
}

func TestAnAccountThatHasMovedIsNotConnected(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.Change("zuerich", func(a *mastodontest.Account) { a.Moved = "zuerich@new.example" })
	authorize, cookies := begin(t, w, fake)
	wantFailed(t, w, w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies), "error-moved")
	if n := fake.Tokens("zuerich"); n != 0 {
		t.Errorf("%d tokens are left", n)
	}
}

func TestADeletedAccountIsReported(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusGone)
		} else {
			w.WriteHeader(http.StatusUnauthorized)
		}
		w.Write([]byte(`{"error":"no"}`))
	}))
	defer server.Close()
	c := w.Bot.(*bot).clientOf(Account{Instance: server.URL, AccountID: "7"}, "token")
	_, err := c.GetStatus(t.Context(), "1")
	bottest.WantError(t, c.explain(t.Context(), "read status", err), bots.KindRevoked, "error-account-gone")
}

func TestTheSettingsSayWhetherTheAccountIsFlaggedOrLimited(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	w.Bot.(*bot).timing.selfCheck = 0
	receive(t, w, a, nil)
	fake.Change("zuerich", func(a *mastodontest.Account) { a.Bot, a.Limited = true, true })
	testkit.Eventually(t, "noticed", func() bool {
		page := w.Settings(t, "zuerich", "en")
		return !strings.Contains(page, "not marked") && strings.Contains(page, "limited this account")
	})
	if again := w.Account(t, "zuerich"); again != a {
		t.Error("the account was restarted without a change")
	}
	fake.Change("zuerich", func(a *mastodontest.Account) { a.Bot, a.Limited = false, false })
	testkit.Eventually(t, "noticed again", func() bool {
		page := w.Settings(t, "zuerich", "en")
		return strings.Contains(page, "not marked") && !strings.Contains(page, "limited this account")
	})
}

func TestAnInstanceThatIsDownForDaysMayBeGone(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	away := func(want string) {
		t.Helper()
		fake.Fail(bottest.Internal)
		bottest.WantError(t, recvOnce(t, w, a), bots.KindRetry, want)
		fake.Heal()
	}
	away("error-server")
	w.Advance(20 * time.Hour)
	away("error-server")
	w.Restart(t)
	w.Advance(5 * time.Hour)
	away("error-long-gone")

	in := receive(t, w, a, nil)
	fake.Mention("rider@elsewhere.example", "@zuerich wieder da", "public")
	in.wantText(t, "wieder da")
	in.end(t)
	away("error-server")
}

func TestPixelfedsSettingsSayThatItOnlyBoosts(t *testing.T) {
	t.Parallel()
	for d, want := range map[mastodontest.Dialect]bool{mastodontest.Mastodon: false, mastodontest.Pixelfed: true} {
		w, fake := newDialect(t, d)
		connect(t, w, fake, "zuerich", "zuerich")
		if got := strings.Contains(w.Settings(t, "zuerich", "en"), "can only boost"); got != want {
			t.Errorf("%q: %v", d, got)
		}
	}
}
