package twitter

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

// testPlugin is the plugin of a program that does not wait as long as the real one.
func testPlugin() bots.Plugin {
	plugin := Plugin()
	build := plugin.New
	plugin.New = func(core bots.Core) (bots.Bot, error) {
		made, err := build(core)
		if err != nil {
			return nil, err
		}
		made.(*bot).pace = pace{call: 20 * time.Second, poll: 30 * time.Millisecond, message: 40 * time.Millisecond, denied: time.Hour}
		return made, nil
	}
	return plugin
}

// configure points the bot of a world to a fake server, as the operator would.
func configure(t testing.TB, w *bottest.World, fake *twittertest.Server, version string) {
	t.Helper()
	fake.Now = w.Core.Now
	w.Core.Config["consumer_key"], w.Core.Config["consumer_secret"] = twittertest.ConsumerKey, twittertest.ConsumerSecret
	w.Core.Config["api"], w.Core.Config["dialect"] = fake.URL, version
	w.Restart(t)
}

// newWorld is a world with a fake server in which a fast poll is no fault.
func newWorld(t testing.TB, version string) (*bottest.World, *twittertest.Server) {
	t.Helper()
	w, fake := bottest.NewWorld(t, "twitter", testPlugin()), twittertest.New(t)
	fake.Rates = nil
	configure(t, w, fake, version)
	return w, fake
}

// both runs a test in both dialects.
func both(t *testing.T, test func(t *testing.T, w *bottest.World, fake *twittertest.Server)) {
	for _, version := range []string{"2", "1.1"} {
		t.Run("version "+version, func(t *testing.T) {
			w, fake := newWorld(t, version)
			test(t, w, fake)
		})
	}
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

// settings shows a city's section in a language.
func settings(t testing.TB, w *bottest.World, city, lang string) string {
	t.Helper()
	answer := visit(t, w, w.Bot.WebUI(), "/city/"+city+"/twitter", city, lang, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("settings: %d", answer.Code)
	}
	return answer.Body.String()
}

// submit posts a form of the settings of a city.
func submit(t testing.TB, w *bottest.World, city, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(url.Values{}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visit(t, w, w.Bot.WebUI(), "/city/"+city+"/twitter", city, "en", r)
}

// comeBack opens the address that X sent the browser to, with its cookies.
func comeBack(t testing.TB, w *bottest.World, location string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	t.Helper()
	rest, ok := strings.CutPrefix(location, "https://linienfunk.example/bots/twitter")
	if !ok {
		t.Fatalf("sent back to %s", location)
	}
	r := httptest.NewRequest(http.MethodGet, rest, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return visit(t, w, w.Bot.(bots.Public).Public(), "/bots/twitter", "", "en", r)
}

// connect logs a city in, through all its pages.
func connect(t testing.TB, w *bottest.World, fake *twittertest.Server, city, handle string) bots.Account {
	t.Helper()
	begun := submit(t, w, city, "/connect")
	if begun.Code != http.StatusSeeOther || begun.Header().Get("X-Failed") != "" {
		t.Fatalf("connect: %d %s", begun.Code, begun.Header().Get("X-Failed"))
	}
	back, err := fake.Approve(begun.Header().Get("Location"), handle)
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
