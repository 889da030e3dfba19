package twitter

import (
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/tweettext"
	"linienfunk/bots/twitter/twittertest"
)

var features = bottest.Features{
	Receives: true, Authors: true, Private: true, Sends: true, Retracts: true, Remote: true, Once: true, MaxText: tweettext.MaxWeight, Credentials: true,
}

func TestTwitterConforms(t *testing.T) {
	t.Parallel()
	f := features
	f.Edits = true // 1.1 does not report edits
	bottest.Run(t, "twitter", testPlugin(), starts("2"), f)
}

func TestTwitterConformsWithTheOldAPI(t *testing.T) {
	t.Parallel()
	bottest.Run(t, "twitter", testPlugin(), starts("1.1"), features)
}

func starts(version string) bottest.Start {
	return func(t testing.TB, w *bottest.World) bottest.Network {
		fake := twittertest.New(t)
		fake.Rates = nil
		configure(t, w, fake, version)
		return network{fake, new(string)}
	}
}

// network is the fake server as a bottest.Network. A city's account has the city's name.
type network struct {
	*twittertest.Server
	last *string // id of the last mention
}

func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	connect(t, w, n.Server, city, city)
}

func (n network) Post(_ testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	if p.Private {
		n.Tell(p.Author, city, p.Text)
		return nil
	}
	*n.last = n.Write(p.Author, "@"+city+" "+p.Text)
	return nil
}

func (n network) Edit(_ testing.TB, _ *bottest.World, city, _, text string) {
	n.Server.Edit(*n.last, "@"+city+" "+text)
}

func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	return bottest.Texts(n.Timeline(city), func(p twittertest.Post) (string, *twittertest.Post) { return p.Text, p.Original })
}

func (n network) Subscribe(testing.TB, *bottest.World, string, string) {}
