package mastodon

import (
	"net/http"
	"net/url"
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
		b.timing = timing{call: 20 * time.Second, idle: 20 * time.Second, poll: 50 * time.Millisecond, selfCheck: 6 * time.Hour,
			pauseMin: 10 * time.Millisecond, pauseMax: 100 * time.Millisecond, gap: time.Millisecond, burst: 100}
		return b, nil
	}
	return plugin
}

func newWorld(t testing.TB) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	return bottest.NewWorld(t, "mastodon", testPlugin()), mastodontest.New(t)
}

// connect logs a city in, through all its pages, and waits for the core to be told.
func connect(t testing.TB, w *bottest.World, fake *mastodontest.Server, city, acct string) bots.Account {
	t.Helper()
	begun := w.Submit(t, city, "/connect", url.Values{"instance": {fake.URL}, "way": {"redirect"}})
	if begun.Code != http.StatusSeeOther || begun.Header().Get("X-Failed") != "" {
		t.Fatalf("connect: %d %s", begun.Code, begun.Header().Get("X-Failed"))
	}
	back, err := fake.Approve(begun.Header().Get("Location"), acct)
	if err != nil {
		t.Fatal(err)
	}
	done := w.Callback(t, back, begun.Result().Cookies())
	if done.Header().Get("X-Message") == "" {
		t.Fatalf("callback: %d %s %s", done.Code, done.Header().Get("X-Failed"), done.Body)
	}
	return w.Account(t, city)
}
