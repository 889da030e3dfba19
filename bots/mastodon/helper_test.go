package mastodon

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

// testPlugin is the plugin of a program that runs on loopback, and does not wait as long as the real one.
func testPlugin() bots.Plugin {
	plugin := Plugin()
	build := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		core.BaseURL = "http://linienfunk.example"
		made, err := build(core)
		if err != nil {
			return nil, err
		}
		b := made.(*bot)
		b.pace = pace{call: 20 * time.Second, idle: 20 * time.Second, poll: 50 * time.Millisecond, self: 6 * time.Hour,
			pauseMin: 10 * time.Millisecond, pauseMax: 100 * time.Millisecond, gap: time.Millisecond, burst: 100}
		return b, nil
	}
	return plugin
}

func newWorld(t testing.TB) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	return bottest.NewWorld(t, "mastodon", testPlugin()), mastodontest.New(t)
}

// visit asks a handler of the bot as the core does: at a mount point, for a city (or none), in a language.
func visit(t testing.TB, w *bottest.World, h http.Handler, mount, city, lang string, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	where := bots.Where{Path: mount, Lang: lang}
	if city != "" {
		found, ok, err := w.Core.Cities.City(t.Context(), city)
		if err != nil || !ok {
			t.Fatalf("city %s: %v %v", city, ok, err)
		}
		where.City, where.Admin = found, true
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, bots.WithPlace(r, where))
	return answer
}

const mount = "/city/zuerich/mastodon"

// submit posts a form of the settings of a city.
func submit(t testing.TB, w *bottest.World, city, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(t, w, w.Bot.WebUI(), "/city/"+city+"/mastodon", city, "en", r)
}

// comeBack opens the address that an instance sent the browser to, with its cookies.
func comeBack(t testing.TB, w *bottest.World, location string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	t.Helper()
	rest, ok := strings.CutPrefix(location, "http://linienfunk.example/bots/mastodon")
	if !ok {
		t.Fatalf("sent back to %s", location)
	}
	r := httptest.NewRequest(http.MethodGet, rest, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return visit(t, w, w.Bot.(bots.Public).Public(), "/bots/mastodon", "", "en", r)
}

// connect logs a city in, through all its pages, and waits for the core to be told.
func connect(t testing.TB, w *bottest.World, fake *mastodontest.Server, city, acct string) bots.Account {
	t.Helper()
	begun := submit(t, w, city, "/connect", url.Values{"instance": {fake.URL}, "way": {"redirect"}})
	if begun.Code != http.StatusSeeOther || begun.Header().Get("X-Failed") != "" {
		t.Fatalf("connect: %d %s", begun.Code, begun.Header().Get("X-Failed"))
	}
	back, err := fake.Approve(begun.Header().Get("Location"), acct)
	if err != nil {
		t.Fatal(err)
	}
	done := comeBack(t, w, back, begun.Result().Cookies())
	if done.Header().Get("X-Message") == "" {
		t.Fatalf("callback: %d %s %s", done.Code, done.Header().Get("X-Failed"), done.Body)
	}
	return account(t, w, city)
}

func account(t testing.TB, w *bottest.World, city string) bots.Account {
	t.Helper()
	accounts, err := w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts {
		if a.City == city {
			return a
		}
	}
	t.Fatalf("%s has no account", city)
	return bots.Account{}
}
