package newnetwork

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"linienfunk/bots/bottest"
)

func TestNewnetworkConforms(t *testing.T) {
	bottest.Run(t, "newnetwork", Plugin(), func(t testing.TB, _ *bottest.World) bottest.Network { return network{newServer(t)} },
		bottest.Features{
			Receives: true, Authors: true, Private: true, Sends: true, Retracts: true, Remote: true, Once: true, MaxText: maxText, Credentials: true,
		})
}

// network is the fake server as a bottest.Network. A city's account has the city's name.
type network struct{ *server }

// Connect fills in the form, as an admin does.
func (n network) Connect(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	answer := w.Submit(t, city, "/connect", url.Values{"server": {n.URL + "/"}, "token": {"token-of-" + city}})
	if failed := answer.Header().Get("X-Failed"); answer.Code != http.StatusSeeOther || failed != "" {
		t.Fatalf("connect: %d %s", answer.Code, failed)
	}
}

// Post lets a rider write to the city's account.
func (n network) Post(_ testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	n.add(city, "", message{Author: p.Author, Text: p.Text, Private: p.Private, At: time.Now()})
	return nil
}

// Shown lists the texts of the city's account.
func (n network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	var texts []string
	for _, m := range n.after(city, 0) {
		if m.Own {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func (n network) Subscribe(testing.TB, *bottest.World, string, string) {}

func TestANewAccountIsCheckedBeforeItIsStored(t *testing.T) {
	w, s := bottest.NewWorld(t, "newnetwork", Plugin()), newServer(t)
	for _, form := range []url.Values{
		{"server": {"no address"}, "token": {"token-of-ghent"}},
		{"server": {s.URL}, "token": {"wrong"}},
	} {
		if answer := w.Submit(t, "ghent", "/connect", form); answer.Header().Get("X-Failed") == "" {
			t.Errorf("%v was accepted: %d", form, answer.Code)
		}
	}
	if accounts, err := w.Bot.Accounts(t.Context()); err != nil || len(accounts) != 0 {
		t.Errorf("accounts %v, %v", accounts, err)
	}
}
