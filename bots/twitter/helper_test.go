package twitter

import (
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

// testPlugin is the plugin with short pauses.
func testPlugin() bots.Plugin {
	return bottest.Changed(Plugin(), func(made bots.Bot) {
		made.(*bot).timing = timing{call: 20 * time.Second, poll: 30 * time.Millisecond, message: 40 * time.Millisecond, denied: time.Hour}
	})
}

// configure points the bot of a world to a fake server, as the operator would.
func configure(t testing.TB, w *bottest.World, fake *twittertest.Server, version string) {
	t.Helper()
	fake.Now = w.Time
	w.Core.Config["consumer_key"], w.Core.Config["consumer_secret"] = twittertest.ConsumerKey, twittertest.ConsumerSecret
	w.Core.Config["api"], w.Core.Config["dialect"] = fake.URL, version
	w.Restart(t)
}

// newWorld returns a world with a fake server that allows any number of requests.
func newWorld(t testing.TB, version string) (*bottest.World, *twittertest.Server) {
	t.Helper()
	w, fake := bottest.NewWorld(t, "twitter", testPlugin()), twittertest.New(t)
	fake.Rates = nil
	configure(t, w, fake, version)
	return w, fake
}

// both runs a test with both versions of the API.
func both(t *testing.T, test func(t *testing.T, w *bottest.World, fake *twittertest.Server)) {
	for _, version := range []string{"2", "1.1"} {
		t.Run("version "+version, func(t *testing.T) {
			w, fake := newWorld(t, version)
			test(t, w, fake)
		})
	}
}

// connect connects a city's account through the pages.
func connect(t testing.TB, w *bottest.World, fake *twittertest.Server, city, handle string) bots.Account {
	t.Helper()
	return w.Login(t, city, nil, func(authorize string) (string, error) { return fake.Approve(authorize, handle) })
}

// newConnected is newWorld for version 2 of the API, with an account of zuerich.
func newConnected(t testing.TB) (*bottest.World, *twittertest.Server) {
	t.Helper()
	w, fake := newWorld(t, "2")
	connect(t, w, fake, "zuerich", "zuerich")
	return w, fake
}

// bothConnected is both with an account of zuerich.
func bothConnected(t *testing.T, test func(t *testing.T, w *bottest.World, fake *twittertest.Server)) {
	t.Helper()
	both(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		connect(t, w, fake, "zuerich", "zuerich")
		test(t, w, fake)
	})
}
