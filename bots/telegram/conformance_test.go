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
		Receives: true, Authors: true, Private: true, Edits: true, Broadcasts: true, Cancels: true, Remote: true, MaxText: 4096, Credentials: true,
	})
}

// network is the fake as a bottest.Network. Riders write in private; the bot's replies begin with a parenthesis.
type network struct{ *telegramtest.Server }

func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	connect(t, w, n.Server, city)
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

func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	var texts []string
	for _, sent := range n.Sent() {
		if sent.Bot == botOf(city) && !strings.HasPrefix(sent.Text, "(") {
			texts = append(texts, sent.Text)
		}
	}
	return texts
}

// Subscribe sends /start and receives it.
func (n network) Subscribe(t testing.TB, w *bottest.World, city, subscriber string) {
	t.Helper()
	n.Say(botOf(city), subscriber, "/start")
	receive(t, w, city)
}
