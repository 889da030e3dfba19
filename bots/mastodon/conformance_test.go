package mastodon

import (
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

func TestMastodonKeepsTheContractOfBots(t *testing.T) {
	start := func(t testing.TB, w *bottest.World) bottest.Network {
		return network{mastodontest.New(t)}
	}
	bottest.Run(t, "mastodon", testPlugin(), start, bottest.Features{
		Receives: true, Authors: true, Private: true, Sends: true, Remote: true, Once: true, MaxText: 500, Credentials: true,
	})
}

func TestTheContractIsKeptOnAkkomaToo(t *testing.T) {
	start := func(t testing.TB, w *bottest.World) bottest.Network {
		fake := mastodontest.New(t)
		fake.Dialect, fake.Now = mastodontest.Akkoma, w.Core.Now
		return network{fake}
	}
	bottest.Run(t, "mastodon", testPlugin(), start, bottest.Features{
		Receives: true, Authors: true, Private: true, Sends: true, Remote: true, Once: true, MaxText: 500, Credentials: true,
	})
}

// network is the fake instance as the suite sees it. A city's account has the city's name.
type network struct{ *mastodontest.Server }

func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	connect(t, w, n.Server, city, city)
}

func (n network) Post(_ testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	visibility := "public"
	if p.Private {
		visibility = "direct"
	}
	n.Mention(p.Author+"@elsewhere.example", "@"+city+" "+p.Text, visibility)
	return nil
}

func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	var texts []string
	for _, status := range n.Timeline(city) {
		if status.Original != nil {
			status = *status.Original
		}
		texts = append(texts, status.Text)
	}
	return texts
}

func (n network) Subscribe(testing.TB, *bottest.World, string, string) {}
