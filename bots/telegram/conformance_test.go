package telegram

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/testkit"
)

func TestTelegramConforms(t *testing.T) {
	t.Parallel()
	start := func(t testing.TB, w *bottest.World) bottest.Network {
		fake := telegramtest.New(t)
		use(t, w, fake)
		return network{fake}
	}
	bottest.Run(t, "telegram", unlimited(), start, bottest.Features{
		Receives: true, Authors: true, Private: true, Edits: true, Broadcasts: true, Cancels: true, Updates: true, Remote: true, MaxText: 4096, Credentials: true, Places: true,
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

func (n network) Person(name string) string { return fmt.Sprint(n.Server.Person(name)) }

func (n network) Answers(_ testing.TB, _ *bottest.World, city, name string) (texts []string) {
	for _, sent := range n.Sent() {
		if sent.Bot == botOf(city) && sent.Chat == n.Server.Person(name) {
			texts = append(texts, sent.Text)
		}
	}
	return texts
}

// PostInPublic writes in a group where every message is a report.
func (n network) PostInPublic(t testing.TB, w *bottest.World, city string, p bottest.Post) bool {
	n.ReadAll(botOf(city))
	group := n.AddChat(botOf(city), supergroup, "Linie 4")
	testkit.Eventually(t, "the group is known", func() bool {
		rows, err := theBot(w).store.listGroups(t.Context(), city)
		return err == nil && len(rows) == 2
	})
	confirmAll(t, w, city)
	w.SetOption(t, city, "group_all", true)
	n.SayIn(group, p.Author, map[string]any{"text": p.Text})
	n.SayIn(group, p.Author, map[string]any{"text": p.Text + "@" + botOf(city)})
	return true
}

// Subscribe sends /start and receives it.
func (n network) Subscribe(t testing.TB, w *bottest.World, city, subscriber string) {
	t.Helper()
	n.Say(botOf(city), subscriber, "/start")
	receive(t, w, city)
}

// AddPlace adds the bot to a group.
func (n network) AddPlace(t testing.TB, w *bottest.World, city, name string) string {
	t.Helper()
	id := n.AddChat(botOf(city), supergroup, name)
	receive(t, w, city)
	return fmt.Sprint(id)
}

func (n network) RemovePlace(t testing.TB, _ *bottest.World, _, id string) {
	t.Helper()
	chat, err := strconv.ParseInt(id, 10, 64)
	must(t, err)
	n.Vanish(chat)
}
