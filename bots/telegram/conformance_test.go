package telegram

import (
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
)

func TestTelegramConforms(t *testing.T) {
	t.Parallel()
	start := func(t testing.TB, w *bottest.World) bottest.Network {
		fake := telegramtest.New(t)
		use(t, w, fake)
		return network{fake}
	}
	bottest.Run(t, "telegram", unlimited(), start, bottest.Features{
		Receives: true, Authors: true, Private: true, Edits: true, Broadcasts: true, Cancels: true, Updates: true, Remote: true, MaxText: 4096, Credentials: true,
	})
}

// network is the fake as a bottest.Network. Riders write in private; the bot's replies begin with a parenthesis.
type network struct{ *telegramtest.Server }

func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	connect(t, w, n.Server, city)
	n.AddChat(botOf(city), channel, "Meldungen")
	receive(t, w, city)
	confirmAll(t, w, city)
	for _, kind := range replyKinds {
		w.SetOption(t, city, kind, "("+kind+")")
	}
}

func (n network) Post(_ testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	n.Say(botOf(city), p.Author, p.Text)
	return nil
}

func (n network) Edit(_ testing.TB, _ *bottest.World, city, _, text string) {
	n.Server.Edit(botOf(city), text)
}

// Shown lists what people got, or where nobody has subscribed what the channel got, whose messages the bot edits.
func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	var people, posts []string
	subscribed := false
	for _, sent := range n.Sent() {
		switch {
		case sent.Bot != botOf(city):
		case strings.HasPrefix(sent.Text, "("):
			subscribed = true // the bot answers to /start
		case sent.Chat > 0:
			people = append(people, sent.Text)
		default:
			posts = append(posts, sent.Text)
		}
	}
	if subscribed {
		return people
	}
	return posts
}

// Subscribe sends /start and receives it.
func (n network) Subscribe(t testing.TB, w *bottest.World, city, subscriber string) {
	t.Helper()
	n.Say(botOf(city), subscriber, "/start")
	receive(t, w, city)
}
