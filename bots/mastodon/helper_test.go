package mastodon

import (
	"net/url"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

// testPlugin is the plugin for an instance on loopback, with short pauses.
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
		b.timing = timing{call: 20 * time.Second, idle: 20 * time.Second, poll: 50 * time.Millisecond, quietPoll: 50 * time.Millisecond, selfCheck: 6 * time.Hour,
			pauseMin: 10 * time.Millisecond, pauseMax: 100 * time.Millisecond, gap: time.Millisecond, burst: 100}
		return b, nil
	}
	return plugin
}

// newWorld is a world with an instance, where zuerich has chosen to boost: copies need less of the bot.
func newWorld(t testing.TB) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	w := bottest.NewWorld(t, "mastodon", testPlugin())
	w.SetOption(t, "zuerich", "repost", "boost")
	return w, mastodontest.New(t)
}

// connect connects a city's account through the pages.
func connect(t testing.TB, w *bottest.World, fake *mastodontest.Server, city, acct string) bots.Account {
	t.Helper()
	return w.Login(t, city, url.Values{"instance": {fake.URL}, "way": {"redirect"}}, func(authorize string) (string, error) {
		return fake.Approve(authorize, acct)
	})
}

// newConnected is newWorld with an account of zuerich.
func newConnected(t testing.TB) (*bottest.World, *mastodontest.Server, bots.Account) {
	t.Helper()
	w, fake := newWorld(t)
	return w, fake, connect(t, w, fake, "zuerich", "zuerich")
}

// newDialect is newWorld with an instance of some software, whose clock is the world's.
func newDialect(t testing.TB, d mastodontest.Dialect) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	w, fake := newWorld(t)
	fake.Dialect, fake.Now = d, w.Time
	return w, fake
}

// newConnectedTo is newDialect with an account of zuerich.
func newConnectedTo(t testing.TB, d mastodontest.Dialect) (*bottest.World, *mastodontest.Server, bots.Account) {
	t.Helper()
	w, fake := newDialect(t, d)
	return w, fake, connect(t, w, fake, "zuerich", "zuerich")
}

// mention writes a rider's public report to zuerich, and returns the id of the status.
func mention(fake *mastodontest.Server) (id string) {
	return fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u8", "public")
}

// newMentioned is newConnected with a mention.
func newMentioned(t testing.TB) (w *bottest.World, fake *mastodontest.Server, a bots.Account, id string) {
	t.Helper()
	w, fake, a = newConnected(t)
	return w, fake, a, mention(fake)
}
