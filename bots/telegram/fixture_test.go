package telegram

import (
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
)

// unlimited is the plugin without Telegram's rate limits, for tests in real time.
func unlimited() bots.Plugin {
	return bottest.Changed(Plugin(), func(made bots.Bot) {
		l := &made.(*Bot).limits
		l.interval, l.chatInterval, l.startDelay = 0, 0, 0
		l.groupMessages, l.drain, l.checkInterval = 1000, 50*time.Millisecond, 20*time.Millisecond
	})
}

// newWorld returns a program and a fake of Telegram on loopback.
func newWorld(t testing.TB) (*bottest.World, *telegramtest.Server) {
	t.Helper()
	w := bottest.NewWorld(t, "telegram", unlimited())
	fake := telegramtest.New(t)
	use(t, w, fake)
	return w, fake
}

// use points the bot at the fake, without webhooks.
func use(t testing.TB, w *bottest.World, fake *telegramtest.Server) {
	t.Helper()
	w.Core.Config["api"], w.Core.Config["webhook"] = fake.URL, "off"
	w.Restart(t)
}

// newConnected is newWorld with a bot of zuerich.
func newConnected(t testing.TB) (*bottest.World, *telegramtest.Server, bots.Account) {
	t.Helper()
	w, fake := newWorld(t)
	return w, fake, connect(t, w, fake, "zuerich")
}

func theBot(w *bottest.World) *Bot { return w.Bot.(*Bot) }

// botOf returns the user name of a city's bot.
func botOf(city string) string { return city + "_Bot" }

// account returns a city's account and a client for it.
func account(t testing.TB, w *bottest.World, city string) (Account, *client) {
	t.Helper()
	row, c, err := theBot(w).account(t.Context(), city)
	must(t, err)
	return row, c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
