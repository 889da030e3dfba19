package mastodon

import (
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

func TestMastodonConforms(t *testing.T) { conforms(t, mastodontest.Mastodon) }

// There is no test for Pixelfed: it accepts no posts of text only, and the suite has no others.
func TestMastodonConformsOnGoToSocial(t *testing.T) { conforms(t, mastodontest.GoToSocial) }
func TestMastodonConformsOnAkkoma(t *testing.T)     { conforms(t, mastodontest.Akkoma) }

// conforms runs the suite against an instance of some software.
func conforms(t *testing.T, d mastodontest.Dialect) {
	start := func(t testing.TB, w *bottest.World) bottest.Network {
		fake := mastodontest.New(t)
		fake.Dialect, fake.Now = d, w.Time
		return network{fake, w, new(string)}
	}
	bottest.Run(t, "mastodon", testPlugin(), start, bottest.Features{
		Receives: true, Authors: true, Private: true, Edits: true, Withdraws: true, Sends: true, Retracts: true, Updates: true, Remote: true, Once: true, MaxText: 500, Credentials: true, Places: true,
	})
}

// network is the fake instance as a bottest.Network. A city's account has the city's name.
type network struct {
	*mastodontest.Server
	world *bottest.World
	last  *string // id of the last mention
}

// Heal also lets the time pass that the instance asked to wait.
func (n network) Heal() {
	n.Server.Heal()
	n.world.Advance(8 * time.Second)
}

func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	connect(t, w, n.Server, city, city)
}

func (n network) Post(_ testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	visibility := "public"
	if p.Private {
		visibility = "direct"
	}
	*n.last = n.Mention(p.Author+"@elsewhere.example", "@"+city+" "+p.Text, visibility)
	return nil
}

func (n network) Edit(_ testing.TB, _ *bottest.World, city, _, text string) {
	n.Server.Edit(*n.last, "@"+city+" "+text)
}

func (n network) Delete(testing.TB, *bottest.World, string, string) { n.Server.Delete(*n.last) }

func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	return bottest.Texts(n.Timeline(city), func(s mastodontest.Status) (string, *mastodontest.Status) { return s.Text, s.Original })
}

func (n network) Subscribe(testing.TB, *bottest.World, string, string) {}

func (n network) Person(name string) string { return name + "@elsewhere.example" }

// Answers lists the direct messages that mention somebody, without the mention.
func (n network) Answers(t testing.TB, _ *bottest.World, city, name string) (texts []string) {
	for _, s := range n.Timeline(city) {
		if text, ok := strings.CutPrefix(s.Text, "@"+n.Person(name)+" "); ok {
			if s.Visibility != "direct" {
				t.Errorf("%s: %q", s.Visibility, s.Text)
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func (n network) PostInPublic(t testing.TB, w *bottest.World, city string, p bottest.Post) bool {
	for _, visibility := range []string{"public", "unlisted", "private"} {
		n.Mention(p.Author+"@elsewhere.example", "@"+city+" "+p.Text, visibility)
	}
	return true
}

func (n network) AddPlace(_ testing.TB, _ *bottest.World, city, name string) string {
	return n.AddList(city, name)
}

func (n network) RemovePlace(_ testing.TB, _ *bottest.World, _, id string) { n.RemoveList(id) }
