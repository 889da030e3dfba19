package twitter

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

func TestALoginConnectsTheAccountThatAllowedIt(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		before := w.Core.Now().Truncate(time.Second)
		a := connect(t, w, fake, "zuerich", "ZuerichMeldet")
		if a.Label != "@ZuerichMeldet" {
			t.Errorf("label %q", a.Label)
		}
		row, text, err := w.Bot.(*bot).Rows.Load(t.Context(), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		keys, err := unmarshalKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(row.Keys), keys.Token) || strings.Contains(w.Log.String(), keys.Token) || keys.TokenSecret == "" {
			t.Error("keys are stored or logged in the clear")
		}
		page := w.Settings(t, "zuerich", "en")
		if !strings.Contains(page, "@ZuerichMeldet") || strings.Contains(page, keys.Token) || strings.Contains(page, keys.TokenSecret) {
			t.Errorf("page: %s", page)
		}
		if row.Since.Before(before) || row.Since.After(w.Core.Now()) {
			t.Errorf("reading begins at %v, the login at %v", row.Since, before)
		}
	})
}

func TestALoginThatDoesNotWorkIsExplained(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(w *bottest.World, fake *twittertest.Server)
		want    string
	}{
		"the callback is not entered at X": {func(_ *bottest.World, fake *twittertest.Server) { fake.Callback = "https://other.example" }, "must enter https://linienfunk.example/bots/twitter/callback"},
		"X reports an error":               {func(_ *bottest.World, fake *twittertest.Server) { fake.Fail(bottest.Internal) }, "X reports an internal error. Nothing was changed"},
		"X asks to wait":                   {func(_ *bottest.World, fake *twittertest.Server) { fake.Fail(bottest.TooMany) }, "asks us to wait. Nothing was changed"},
		"a proxy answers":                  {func(_ *bottest.World, fake *twittertest.Server) { fake.Fail(bottest.HTML) }, "answers that we do not understand. Nothing was changed"},
		"the answer breaks off":            {func(_ *bottest.World, fake *twittertest.Server) { fake.Fail(bottest.Truncate) }, "cannot be reached. Nothing was changed"},
		"X does not know the keys": {func(w *bottest.World, fake *twittertest.Server) {
			w.Core.Config["consumer_secret"] = "wrong"
			w.Bot, _ = testPlugin().New(w.Core)
		}, "X refused the login"},
	} {
		t.Run(name, func(t *testing.T) {
			w, fake := newWorld(t, "2")
			test.prepare(w, fake)
			got := w.Submit(t, "zuerich", "/connect", nil)
			if said := got.Header().Get("X-Failed"); got.Code != http.StatusSeeOther || !strings.Contains(said, test.want) {
				t.Errorf("%d %q", got.Code, said)
			}
			fake.Forgive()
		})
	}
}

func TestALoginCompletesOnceInTheBrowserWhereItBegan(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	start := func() (back string, cookies []*http.Cookie) {
		begun := w.Submit(t, "zuerich", "/connect", nil)
		back, err := fake.Approve(begun.Header().Get("Location"), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		cookies = begun.Result().Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Fatalf("cookies %v", cookies)
		}
		return back, cookies
	}
	lost := func(back string, cookies []*http.Cookie) {
		t.Helper()
		if got := w.Callback(t, back, cookies); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "start again") {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
	back, cookies := start()
	lost(back, nil)
	other, otherCookies := start()
	lost(back, otherCookies)
	if got := w.Callback(t, back, cookies); got.Header().Get("X-Message") == "" {
		t.Errorf("%d %s", got.Code, got.Header())
	}
	lost(back, cookies)
	w.Advance(loginTime + time.Second)
	lost(other, otherCookies)
	lost("https://linienfunk.example/bots/twitter/callback", cookies)
}

func TestAnAdminWhoDeniesAccessReturnsToTheSettings(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	begun := w.Submit(t, "zuerich", "/connect", nil)
	back, err := fake.Refuse(begun.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	got := w.Callback(t, back, begun.Result().Cookies())
	if !strings.Contains(got.Header().Get("X-Failed"), "Nothing was connected") || got.Header().Get("Location") != "/city/zuerich/bot/twitter/" {
		t.Errorf("%v", got.Header())
	}
}

func TestAnAccountBelongsToOneCity(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	connect(t, w, fake, "zuerich", "melder")
	begun := w.Submit(t, "ghent", "/connect", nil)
	back, err := fake.Approve(begun.Header().Get("Location"), "melder")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Callback(t, back, begun.Result().Cookies()); !strings.Contains(got.Header().Get("X-Failed"), "another city") {
		t.Errorf("%v", got.Header())
	}
}

func TestAnotherLoginOfTheSameAccountKeepsThePosition(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	first := connect(t, w, fake, "zuerich", "melder")
	b := w.Bot.(*bot)
	row, _, _ := b.Rows.Load(t.Context(), "zuerich")
	if err := b.Rows.Update(t.Context(), row, map[string]any{"position": "77"}); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Hour)
	if again := connect(t, w, fake, "zuerich", "melder"); again.Revision == first.Revision {
		t.Error("the account would not be restarted")
	}
	now, _, _ := b.Rows.Load(t.Context(), "zuerich")
	if now.Position != "77" || !now.Since.Equal(row.Since) {
		t.Errorf("position %q since %v", now.Position, now.Since)
	}
	connect(t, w, fake, "zuerich", "andere")
	if now, _, _ = b.Rows.Load(t.Context(), "zuerich"); now.Position != "" || !now.Since.After(row.Since) {
		t.Errorf("another account begins at %q since %v", now.Position, now.Since)
	}
}

func TestDisconnectingRevokesTheKeys(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	connect(t, w, fake, "zuerich", "melder")
	if got := w.Submit(t, "zuerich", "/disconnect", nil); !strings.Contains(got.Header().Get("X-Message"), "@melder") {
		t.Errorf("%v", got.Header())
	}
	if accounts, _ := w.Bot.Accounts(t.Context()); len(accounts) != 0 || fake.Tokens() != 0 {
		t.Errorf("%d accounts, %d tokens", len(accounts), fake.Tokens())
	}
	connect(t, w, fake, "zuerich", "melder")
	fake.Fail(bottest.Internal)
	if got := w.Submit(t, "zuerich", "/disconnect", nil); got.Header().Get("X-Message") == "" {
		t.Error("an error of X prevents disconnecting")
	}
	if got := w.Submit(t, "zuerich", "/disconnect", nil); got.Header().Get("X-Failed") == "" {
		t.Error("there is nothing to disconnect")
	}
}

func TestStoredKeysHaveStableNames(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	connect(t, w, fake, "zuerich", "melder")
	_, text, err := w.Bot.(*bot).Rows.Load(t.Context(), "zuerich")
	var fields map[string]string
	if err != nil || json.Unmarshal([]byte(text), &fields) != nil || fields["Token"] == "" || fields["TokenSecret"] == "" || len(fields) != 2 {
		t.Errorf("stored %d fields, %v", len(fields), err)
	}
}

func TestTheKeysOfAReplacedAccountAreRevoked(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	connect(t, w, fake, "zuerich", "melder")
	connect(t, w, fake, "zuerich", "andere")
	if n := fake.Tokens(); n != 1 {
		t.Errorf("%d tokens are valid", n)
	}
}
