package telegram

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/telegram/telegramtest"
)

// Actions of a city's admins on the settings page.

// connect gives the city a bot, as its admin would.
func connect(t testing.TB, w *bottest.World, fake *telegramtest.Server, city string) bots.Account {
	t.Helper()
	wantDone(t, w.Submit(t, city, "/connect", url.Values{"token": {fake.AddBot(botOf(city))}}))
	return w.Account(t, city)
}

// wantDone fails the test unless a form's action succeeded.
func wantDone(t testing.TB, response *httptest.ResponseRecorder) {
	t.Helper()
	if response.Header().Get("X-Message") == "" {
		t.Fatalf("the action failed: %d %s", response.Code, response.Header().Get("X-Failed"))
	}
}

// cityPage returns the bot's section of the city's page.
func cityPage(t testing.TB, w *bottest.World, city string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return w.Serve(t, w.Bot.(bots.Public).Public(), "/c/"+city+"/telegram", city, "en", r)
}

func TestATokenIsCheckedAndThePageShowsTheBotWithALink(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	token := fake.AddBot("ZueriBot")
	for _, pasted := range []string{
		token, "  " + token + "\n",
		"Done! Congratulations on your new bot. Use this token to access the HTTP API:\n" + token + "\nKeep your token secure",
	} {
		answer := w.Submit(t, "zuerich", "/connect", url.Values{"token": {pasted}})
		if got := answer.Header().Get("X-Message"); !strings.Contains(got, "@ZueriBot") {
			t.Errorf("%q: %q %q", pasted, got, answer.Header().Get("X-Failed"))
		}
	}
	page := w.Settings(t, "zuerich", "en")
	if !strings.Contains(page, `href="https://t.me/ZueriBot"`) || !strings.Contains(page, "Bot ZueriBot") || strings.Contains(page, token) {
		t.Errorf("page:\n%s", page)
	}
	public := cityPage(t, w, "zuerich")
	if !strings.Contains(public.Body.String(), `href="https://t.me/ZueriBot"`) {
		t.Errorf("public page:\n%s", public.Body)
	}
}

func TestATokenThatCannotWorkIsExplained(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	unknown := "123456:AAF-abcdefghijklmnopqrstuvwxyz_0123"
	for pasted, want := range map[string]string{
		"":                         "no token",
		"zuerichbot":               "no token",
		"123456:../../../getMe?x=": "no token",
		unknown:                    "does not know this token",
	} {
		answer := w.Submit(t, "zuerich", "/connect", url.Values{"token": {pasted}})
		if got := answer.Header().Get("X-Failed"); !strings.Contains(got, want) {
			t.Errorf("%q: %q", pasted, got)
		}
	}
	for fault, want := range map[bottest.Fault]string{bottest.Internal: "internal error", bottest.HTML: "do not understand", bottest.TooMany: "to wait", bottest.Truncate: "reached"} {
		fake.Fail(fault)
		answer := w.Submit(t, "zuerich", "/connect", url.Values{"token": {unknown}})
		if got := answer.Header().Get("X-Failed"); !strings.Contains(got, want) || !strings.Contains(got, "Nothing was changed") {
			t.Errorf("%s: %q", fault, got)
		}
		fake.Heal()
	}
	if accounts, _ := w.Bot.Accounts(t.Context()); len(accounts) != 0 {
		t.Errorf("accounts: %v", accounts)
	}
	if strings.Contains(w.Log.String(), "AAF-") {
		t.Error("the token is in the log")
	}
}

func TestABotBelongsToOneCity(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	token := fake.AddBot("ZueriBot")
	w.Submit(t, "zuerich", "/connect", url.Values{"token": {token}})
	answer := w.Submit(t, "ghent", "/connect", url.Values{"token": {token}})
	if got := answer.Header().Get("X-Failed"); !strings.Contains(got, "another city") {
		t.Errorf("got %q", got)
	}
	if accounts, _ := w.Bot.Accounts(t.Context()); len(accounts) != 1 || accounts[0].City != "zuerich" {
		t.Errorf("accounts: %v", accounts)
	}
}

func TestANewTokenOfTheSameBotKeepsItsSubscribersAndAnotherBotDoesNot(t *testing.T) {
	t.Parallel()
	w, fake, before := newConnected(t)
	subscribe(t, w, fake, "marta")
	after := connect(t, w, fake, "zuerich") // with a renewed token
	if before.Revision == after.Revision || before.Label != after.Label {
		t.Errorf("before %v, after %v", before, after)
	}
	if served := send(t, w, after, other(w, "1", "kontrolle u8")); served != 1 {
		t.Errorf("%d served", served)
	}
	w.Submit(t, "zuerich", "/connect", url.Values{"token": {fake.AddBot("Other_Bot")}})
	if count, _ := theBot(w).store.countPrivate(t.Context(), "zuerich"); count != 0 {
		t.Errorf("%d subscribers of the former bot are left", count)
	}
}

func TestANewBotHasNoSubscribersOfTheFormerOne(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	must(t, theBot(w).store.subscribe(t.Context(), "zuerich", 42, chat.Interest{})) // during the disconnection of the city
	connect(t, w, fake, "zuerich")
	if count, _ := theBot(w).store.countPrivate(t.Context(), "zuerich"); count != 0 {
		t.Errorf("%d subscribers", count)
	}
}

func TestDisconnectingDeletesAllSubscribers(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	subscribe(t, w, fake, "marta")
	if answer := w.Submit(t, "zuerich", "/disconnect", nil); answer.Header().Get("X-Message") == "" {
		t.Fatalf("disconnecting: %v", answer.Header())
	}
	for _, table := range []any{&Account{}, &Subscriber{}, &Reply{}, &Delivery{}, &QueuedReport{}} {
		var count int64
		must(t, theBot(w).store.db.Model(table).Count(&count).Error)
		if count != 0 {
			t.Errorf("%d rows are left in %T", count, table)
		}
	}
	if answer := w.Submit(t, "zuerich", "/disconnect", nil); answer.Header().Get("X-Failed") == "" {
		t.Error("the bot could be disconnected twice")
	}
}

func TestASwitchedOffBotHasNoAccountAndIsNotOnTheCitysPage(t *testing.T) {
	t.Parallel()
	w, _, _ := newConnected(t)
	w.SwitchOff(t, "zuerich")
	if answer := cityPage(t, w, "zuerich"); answer.Code != 204 {
		t.Errorf("public page: %d", answer.Code)
	}
}
