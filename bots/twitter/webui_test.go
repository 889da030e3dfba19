package twitter

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

// wantFailed expects that an action of zuerich's admins fails with a message that contains want.
func wantFailed(t testing.TB, w *bottest.World, action, want string) {
	t.Helper()
	if said := w.Submit(t, "zuerich", action, nil).Header().Get("X-Failed"); !strings.Contains(said, want) {
		t.Errorf("%s fails with %q, want %q", action, said, want)
	}
}

func TestTheConnectionCanBeChecked(t *testing.T) {
	t.Parallel()
	bothConnectedAtNoon(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, `action="/city/zuerich/bot/twitter/check"`) {
			t.Errorf("page: %s", page)
		}
		if said := w.Submit(t, "zuerich", "/check", nil).Header().Get("X-Message"); said != "The connection works. The account is called @zuerich." {
			t.Errorf("it works, but: %q", said)
		}
		for fault, want := range map[bottest.Fault]string{
			bottest.Revoke: "no longer accepts the login", bottest.Internal: "internal error", bottest.HTML: "answers that we do not understand",
			bottest.Truncate: "cannot be reached", bottest.TooMany: "asks us to wait", twittertest.Suspended: "suspended",
			twittertest.Credits: "used up", twittertest.BadClock: "clock",
		} {
			fake.Fail(fault)
			wantFailed(t, w, "/check", want)
			fake.Heal()
		}
		fake.Deny("login", true)
		wantFailed(t, w, "/check", "does not include looking up")
		if got := int64(ledger(t, w).Cost); got < fake.Charged("zuerich") {
			t.Errorf("X charges %d, the ledger has %d", fake.Charged("zuerich"), got)
		}
		w.SetOption(t, "zuerich", "money", 0)
		wantFailed(t, w, "/check", "does not cover the check")
		if said := w.Submit(t, "ghent", "/check", nil).Header().Get("X-Failed"); !strings.Contains(said, "No account") {
			t.Errorf("without an account: %q", said)
		}
	})
}

func TestACheckNoticesThatTheAccountWasRenamed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		before := connect(t, w, fake, "zuerich", "zuerich")
		fake.Rename("zuerich", "ZuerichMeldet")
		w.Submit(t, "zuerich", "/check", nil)
		after := w.Account(t, "zuerich")
		if after.Label != "@ZuerichMeldet" || after.Revision == before.Revision {
			t.Errorf("before %+v, after %+v", before, after)
		}
		fake.Write("marta", "@zuerichmeldet kontrolle u8")
		want(t, newTestReader(t, w).poll(t), "kontrolle u8")
		if _, err := w.Bot.(bots.Sender).Send(t.Context(), after, other(w, "1", "kontrolle u6")); err != nil {
			t.Error(err)
		}
	})
}

func TestWithoutTheOperatorsKeysTheSectionSaysSo(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	if page := w.Settings(t, "zuerich", "en"); !strings.Contains(page, "/connect") || strings.Contains(page, "has not set up") {
		t.Errorf("page: %s", page)
	}
	connect(t, w, fake, "zuerich", "melder")
	w.Core.Config["consumer_key"], w.Core.Config["consumer_secret"] = "", ""
	w.Restart(t)
	for lang, want := range map[string]string{"en": "has not set up X", "de": "noch nicht eingerichtet"} {
		if page := w.Settings(t, "zuerich", lang); !strings.Contains(page, want) || strings.Contains(page, "/connect\"") {
			t.Errorf("page: %s", page)
		}
	}
	wantFailed(t, w, "/connect", "has not set up")
	wantFailed(t, w, "/check", "has not set up")
	if accounts, err := w.Bot.Accounts(t.Context()); err != nil || len(accounts) != 0 {
		t.Errorf("accounts %v, %v", accounts, err)
	}
}

func TestTheCitysPageShowsWhomToFollow(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	ask := func() (int, string) {
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		got := w.Serve(t, w.Bot.(bots.Public).Public(), "/c/zuerich/twitter", "zuerich", "en", r)
		return got.Code, got.Body.String()
	}
	if code, _ := ask(); code != http.StatusNoContent {
		t.Errorf("without an account: %d", code)
	}
	connect(t, w, fake, "zuerich", "melder")
	if _, page := ask(); !strings.Contains(page, "https://x.com/melder") || !strings.Contains(page, "retweeted") {
		t.Errorf("page: %s", page)
	}
	w.SetOption(t, "zuerich", "repost", "copy")
	if _, page := ask(); strings.Contains(page, "retweeted") {
		t.Errorf("page: %s", page)
	}
	w.SetOption(t, "zuerich", "enabled", false)
	if code, _ := ask(); code != http.StatusNoContent {
		t.Errorf("switched off: %d", code)
	}
}
