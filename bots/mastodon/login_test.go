package mastodon

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

func subscribe(t testing.TB, w *bottest.World) *httptest.ResponseRecorder {
	t.Helper()
	return w.Serve(t, w.Bot.(bots.Public).Public(), "/c/zuerich/mastodon", "zuerich", "en", httptest.NewRequest(http.MethodGet, "/", nil))
}

// begin starts a login and returns the address of the redirect, and the cookies.
func begin(t testing.TB, w *bottest.World, fake *mastodontest.Server) (string, []*http.Cookie) {
	t.Helper()
	got := w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}, "way": {"redirect"}})
	if got.Code != http.StatusSeeOther || got.Header().Get("X-Failed") != "" {
		t.Fatalf("%d %s", got.Code, got.Header().Get("X-Failed"))
	}
	return got.Header().Get("Location"), got.Result().Cookies()
}

func approve(t testing.TB, fake *mastodontest.Server, authorize, acct string) string {
	t.Helper()
	back, err := fake.Approve(authorize, acct)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func wantFailed(t testing.TB, w *bottest.World, got *httptest.ResponseRecorder, id string) {
	t.Helper()
	if want := w.Core.Pages.Text("en", id); got.Header().Get("X-Failed") != want || want == id {
		t.Errorf("%d %q, want %q", got.Code, got.Header().Get("X-Failed"), want)
	}
}

func TestALoginConnectsTheAccountAndReturnsToTheSettings(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	if got := w.Settings(t, "zuerich", "de"); !strings.Contains(got, `action="/city/zuerich/bot/mastodon/connect"`) || !strings.Contains(got, "Instanz") {
		t.Errorf("before: %s", got)
	}
	if got := subscribe(t, w); got.Code != http.StatusNoContent {
		t.Errorf("nothing is connected, but the city's page shows %d", got.Code)
	}
	authorize, cookies := begin(t, w, fake)
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/bots/mastodon/" || c.MaxAge != 600 {
		t.Errorf("cookie %v", c)
	}
	done := w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies)
	if done.Code != http.StatusSeeOther || done.Header().Get("Location") != "/city/zuerich/bot/mastodon/" {
		t.Errorf("%d, sent to %s", done.Code, done.Header().Get("Location"))
	}
	if want := "@zuerich@" + mastodontest.Domain + " is connected. Please mark"; !strings.HasPrefix(done.Header().Get("X-Message"), want) {
		t.Errorf("message %q", done.Header().Get("X-Message"))
	}
	if city := <-w.Changes; city != "zuerich" {
		t.Errorf("changed: %s", city)
	}
	if a := w.Account(t, "zuerich"); a.Label != "@zuerich@"+mastodontest.Domain {
		t.Errorf("label %s", a.Label)
	}
	if got := w.Settings(t, "zuerich", "en"); !strings.Contains(got, "@zuerich@"+mastodontest.Domain) || !strings.Contains(got, "not marked as automated") {
		t.Errorf("after: %s", got)
	}
	if got := subscribe(t, w); !strings.Contains(got.Body.String(), `href="`+fake.URL+`/@zuerich"`) {
		t.Errorf("city's page: %d %s", got.Code, got.Body)
	}
}

func TestAnAccountThatIsMarkedAsAutomatedGetsNoWarning(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.SetBot("zuerich", true)
	connect(t, w, fake, "zuerich", "zuerich")
	if got := w.Settings(t, "zuerich", "en"); strings.Contains(got, "not marked") {
		t.Error(got)
	}
}

func TestTokensAndSecretsAreSealedInTheDatabase(t *testing.T) {
	t.Parallel()
	w, _, _ := newConnected(t)
	_, token, err := w.Bot.(*bot).Rows.Load(t.Context(), "zuerich")
	if err != nil || !strings.HasPrefix(token, "token-") {
		t.Fatalf("%q %v", token, err)
	}
	var row Account
	var app App
	if err := w.Core.DB.Take(&row).Error; err != nil {
		t.Fatal(err)
	}
	if err := w.Core.DB.Take(&app).Error; err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%s %s", row.Token, app.Secret); strings.Contains(all, "token-") || strings.Contains(all, "secret-") {
		t.Errorf("in the clear: %q", all)
	}
}

func TestACodeCanBePasted(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	page := w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}, "way": {"code"}})
	if page.Code != http.StatusOK {
		t.Fatalf("%d %s", page.Code, page.Header().Get("X-Failed"))
	}
	authorize := html.UnescapeString(between(page.Body.String(), `<a href="`, `"`))
	code := approve(t, fake, authorize, "zuerich")
	form := url.Values{"state": {between(page.Body.String(), `name="state" value="`, `"`)}, "code": {" " + code + "\n"}}
	wantFailed(t, w, w.Submit(t, "ghent", "/code", url.Values{"state": {"nonsense"}, "code": {code}}), "login-expired")
	if done := w.Submit(t, "zuerich", "/code", form); done.Header().Get("X-Message") == "" {
		t.Fatalf("%d %s", done.Code, done.Header().Get("X-Failed"))
	}
	w.Account(t, "zuerich")
	wantFailed(t, w, w.Submit(t, "zuerich", "/code", form), "login-expired")
}

func TestACodeOfAnotherCitysLoginIsRefused(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	page := w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}, "way": {"code"}}).Body.String()
	code := approve(t, fake, html.UnescapeString(between(page, `<a href="`, `"`)), "zuerich")
	got := w.Submit(t, "ghent", "/code", url.Values{"state": {between(page, `name="state" value="`, `"`)}, "code": {code}})
	wantFailed(t, w, got, "login-expired")
}

func TestAWrongCodeIsRefused(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	page := w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}, "way": {"code"}}).Body.String()
	got := w.Submit(t, "zuerich", "/code", url.Values{"state": {between(page, `name="state" value="`, `"`)}, "code": {"wrong"}})
	wantFailed(t, w, got, "login-refused")
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func TestADeniedLoginSaysSo(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	authorize, cookies := begin(t, w, fake)
	back, err := fake.Deny(authorize)
	if err != nil {
		t.Fatal(err)
	}
	got := w.Callback(t, back, cookies)
	wantFailed(t, w, got, "login-denied")
	if got.Header().Get("Location") != "/city/zuerich/bot/mastodon/" {
		t.Errorf("sent to %s", got.Header().Get("Location"))
	}
}

func TestALoginWorksOnceInItsBrowserForTenMinutes(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, w *bottest.World, back string, cookies []*http.Cookie) {
		t.Helper()
		got := w.Callback(t, back, cookies)
		if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "already been used") {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
	t.Run("used twice", func(t *testing.T) {
		w, fake := newWorld(t)
		authorize, cookies := begin(t, w, fake)
		back := approve(t, fake, authorize, "zuerich")
		w.Callback(t, back, cookies)
		w.Account(t, "zuerich")
		refused(t, w, back, cookies)
	})
	t.Run("in a browser without the cookie", func(t *testing.T) {
		w, fake := newWorld(t)
		authorize, _ := begin(t, w, fake)
		refused(t, w, approve(t, fake, authorize, "zuerich"), nil)
	})
	t.Run("in a browser with another login", func(t *testing.T) {
		w, fake := newWorld(t)
		authorize, _ := begin(t, w, fake)
		_, others := begin(t, w, fake)
		refused(t, w, approve(t, fake, authorize, "zuerich"), others)
	})
	t.Run("too late", func(t *testing.T) {
		w, fake := newWorld(t)
		authorize, cookies := begin(t, w, fake)
		w.Advance(11 * time.Minute)
		refused(t, w, approve(t, fake, authorize, "zuerich"), cookies)
	})
	t.Run("with a state that was made up", func(t *testing.T) {
		w, fake := newWorld(t)
		_, cookies := begin(t, w, fake)
		refused(t, w, "http://linienfunk.example/bots/mastodon/callback?code=x&state=y", cookies)
	})
	t.Run("without a state", func(t *testing.T) {
		w, _ := newWorld(t)
		refused(t, w, "http://linienfunk.example/bots/mastodon/callback?code=x", nil)
	})
}

func TestAnAddressWithoutAnInstanceIsExplained(t *testing.T) {
	t.Parallel()
	serve := func(kind, body string, status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ instance, want string }{
		"nothing typed":        {"", "login-bad-host"},
		"no host":              {"hello world", "login-bad-host"},
		"a private address":    {"http://10.0.0.1", "login-bad-host"},
		"no server there":      {gone.URL, "login-unreachable"},
		"a web page":           {serve("text/html", "<h1>Hello</h1>", 200), "login-no-mastodon"},
		"a page not found":     {serve("text/html", "<h1>Not found</h1>", 404), "login-no-mastodon"},
		"JSON of another kind": {serve("application/json", `{"hello":"world"}`, 200), "login-no-mastodon"},
		"a list":               {serve("application/json", `[1,2]`, 200), "login-no-mastodon"},
		"JSON with an error":   {serve("application/json", `{"error":"?"}`, 404), "login-no-mastodon"},
		"a broken instance":    {serve("text/html", "<h1>Bad gateway</h1>", 502), "later-server"},
		"a truncated answer":   {serve("application/json", `{"domain":"x`, 200), "login-unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newWorld(t)
			for _, way := range []string{"redirect", "code"} {
				wantFailed(t, w, w.Submit(t, "zuerich", "/connect", url.Values{"instance": {c.instance}, "way": {way}}), c.want)
			}
		})
	}
}

func TestAnInstanceThatAsksToWaitSaysSo(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.Fail(bottest.TooMany)
	wantFailed(t, w, w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}}), "later-too-many")
}

func TestAnInstanceThatNeverAnswersIsUnreachable(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	w.Bot.(*bot).timing.call = 100 * time.Millisecond
	fake.Fail(bottest.Hang)
	wantFailed(t, w, w.Submit(t, "zuerich", "/connect", url.Values{"instance": {fake.URL}}), "login-unreachable")
}

func TestAnErrorOfTheInstanceDuringALoginIsExplained(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/oauth/token": "later-server", "/api/v1/accounts": "later-server", "/api/v1/notifications": "later-server",
	} {
		w, fake := newWorld(t)
		authorize, cookies := begin(t, w, fake)
		back := approve(t, fake, authorize, "zuerich")
		fake.FailPath(bottest.Internal, path)
		wantFailed(t, w, w.Callback(t, back, cookies), want)
		if accounts, _ := w.Bot.Accounts(t.Context()); len(accounts) != 0 {
			t.Errorf("%s fails, but there is an account", path)
		}
		if n := fake.Tokens("zuerich"); n != 0 {
			t.Errorf("%s fails, and %d tokens are left", path, n)
		}
	}
}

// failTaken logs zuerich in with the account of ghent, which must fail.
func failTaken(t testing.TB) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	w, fake := newWorld(t)
	connect(t, w, fake, "ghent", "shared")
	authorize, cookies := begin(t, w, fake)
	wantFailed(t, w, w.Callback(t, approve(t, fake, authorize, "shared"), cookies), "login-taken")
	return w, fake
}

func TestAnAccountBelongsToOneCity(t *testing.T) {
	t.Parallel()
	failTaken(t)
}

func TestAFailedLoginDoesNotRevokeTheTokenOfTheCityThatHasIt(t *testing.T) {
	t.Parallel()
	w, fake := failTaken(t)
	if n := fake.Tokens("shared"); n != 1 {
		t.Errorf("%d tokens are left: the instance issues the same one again", n)
	}
	send(t, w, w.Account(t, "ghent"), other("1", "kontrolle u8"))
}

func TestALoginWithAnotherAccountRevokesTheOldTokenAndOneWithTheSameAccountKeepsIt(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	connect(t, w, fake, "zuerich", "zuerich")
	if n := fake.Tokens("zuerich"); n != 1 {
		t.Errorf("%d tokens after a second login of the same account", n)
	}
	connect(t, w, fake, "zuerich", "neu")
	if old, fresh := fake.Tokens("zuerich"), fake.Tokens("neu"); old != 0 || fresh != 1 {
		t.Errorf("%d tokens of the old account are left, %d of the new one", old, fresh)
	}
}

func TestTwoFirstLoginsAtOnceBothWork(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	var both sync.WaitGroup
	both.Add(2)
	fake.BeforeApp = func() { both.Done(); both.Wait() }
	type begun struct {
		city, authorize string
		cookies         []*http.Cookie
	}
	logins := make(chan begun)
	for _, city := range []string{"zuerich", "ghent"} {
		go func() {
			got := w.Submit(t, city, "/connect", url.Values{"instance": {fake.URL}, "way": {"redirect"}})
			logins <- begun{city, got.Header().Get("Location"), got.Result().Cookies()}
		}()
	}
	for range 2 {
		login := <-logins
		if done := w.Callback(t, approve(t, fake, login.authorize, login.city), login.cookies); done.Header().Get("X-Message") == "" {
			t.Errorf("%s has to start again: %s", login.city, done.Header().Get("X-Failed"))
		}
	}
}

func TestALoginEndsWithTheRegistrationItBeganWith(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	begin(t, w, fake)
	w.Advance(58 * time.Minute)
	authorize, cookies := begin(t, w, fake)
	w.Advance(4 * time.Minute)
	begin(t, w, fake) // registers again only if no login is under way
	w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies)
	w.Account(t, "zuerich")
}

func TestTheProgramRegistersAgainAtAnInstanceThatForgotIt(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	begin(t, w, fake)
	begin(t, w, fake)
	if n := fake.Requests("POST /api/v1/apps"); n != 1 {
		t.Errorf("registered %d times for two logins", n)
	}
	fake.ForgetApps()
	w.Advance(25 * time.Hour)
	authorize, cookies := begin(t, w, fake)
	w.Callback(t, approve(t, fake, authorize, "zuerich"), cookies)
	w.Account(t, "zuerich")
}

func TestARegistrationThatIsGoneIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	authorize, cookies := begin(t, w, fake)
	back := approve(t, fake, authorize, "zuerich")
	fake.ForgetApps()
	wantFailed(t, w, w.Callback(t, back, cookies), "login-refused")
	connect(t, w, fake, "zuerich", "zuerich")
}

func TestACityCanSwitchItsAccountOff(t *testing.T) {
	t.Parallel()
	w, _, _ := newConnected(t)
	w.SwitchOff(t, "zuerich")
	if got := subscribe(t, w); got.Code != http.StatusNoContent {
		t.Errorf("switched off, but shown: %d", got.Code)
	}
	if got := w.Settings(t, "zuerich", "de"); !strings.Contains(got, "Ausgeschaltet") {
		t.Error(got)
	}
	w.SetOption(t, "zuerich", "enabled", true)
	w.Account(t, "zuerich")
}

func TestDisconnectingRevokesTheToken(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	if got := w.Submit(t, "zuerich", "/disconnect", nil); got.Header().Get("X-Message") == "" {
		t.Errorf("%d %s", got.Code, got.Header().Get("X-Failed"))
	}
	if n := fake.Tokens("zuerich"); n != 0 {
		t.Errorf("%d tokens are left", n)
	}
	wantFailed(t, w, w.Submit(t, "zuerich", "/disconnect", nil), "error-no-account")
}

func TestDisconnectingWorksWithoutTheInstance(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.Fail(bottest.Internal)
	if got := w.Submit(t, "zuerich", "/disconnect", nil); got.Header().Get("X-Message") == "" {
		t.Errorf("%d %s", got.Code, got.Header().Get("X-Failed"))
	}
}

func TestTheConnectionCanBeChecked(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	fake.SetBot("zuerich", true)
	if got := w.Submit(t, "zuerich", "/check", nil); got.Header().Get("X-Message") != "The connection works." {
		t.Errorf("%d %s", got.Code, got.Header().Get("X-Failed"))
	}
	if got := w.Settings(t, "zuerich", "en"); strings.Contains(got, "not marked") {
		t.Error("still warns")
	}
	fake.RevokeTokens("zuerich")
	wantFailed(t, w, w.Submit(t, "zuerich", "/check", nil), "error-revoked")
	wantFailed(t, w, w.Submit(t, "ghent", "/check", nil), "error-no-account")
}

func TestARegistrationFromBeforeAScopeWasNeededIsReplacedAtTheNextLogin(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	if err := w.Core.DB.Model(&App{}).Where("instance = ?", fake.URL).Update("scopes", "").Error; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		connect(t, w, fake, "zuerich", "zuerich")
		if n := fake.Requests("POST /api/v1/apps"); n != 2 {
			t.Errorf("registered %d times", n)
		}
	}
}
