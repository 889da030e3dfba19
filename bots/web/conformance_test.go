package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"linienfunk/bots/bottest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	bottest.Run(t, "web", Plugin(), startNetwork, bottest.Features{EveryCity: true, Receives: true, Sends: true, Retracts: true, Updates: true, Once: true})
}

// pageNetwork is the city's page, used by browsers and feed readers. Nothing is faked: the network is our own.
type pageNetwork struct {
	fixture *fixture
	clients atomic.Int64
}

func startNetwork(t testing.TB, w *bottest.World) bottest.Network {
	f := &fixture{World: w}
	f.server = httptest.NewServer(mounted(w))
	t.Cleanup(f.server.Close)
	return &pageNetwork{fixture: f}
}

// Connect has nothing to do: every city has its page.
func (n *pageNetwork) Connect(testing.TB, *bottest.World, string) {}

// Post opens the page and submits the form, each time as another client.
func (n *pageNetwork) Post(t testing.TB, _ *bottest.World, city string, p bottest.Post) error {
	t.Helper()
	id := n.clients.Add(1)
	client := fmt.Sprintf("10.%d.%d.%d:1234", id>>16&255, id>>8&255, id&255)
	once, err := n.fixture.tryForm(t.Context(), city)
	if err != nil {
		return err
	}
	body := url.Values{"once": {once}, "text": {p.Text}}.Encode()
	got, err := n.fixture.try(t.Context(), http.MethodPost, "/c/"+city+"/web/report", body, "X-Client", client)
	if err != nil {
		return err
	}
	if got.status != http.StatusSeeOther {
		return fmt.Errorf("the form answers %d", got.status)
	}
	return nil
}

// Shown reads the feed.
func (n *pageNetwork) Shown(t testing.TB, _ *bottest.World, city string) []string {
	t.Helper()
	var feed jsonRead
	if err := json.Unmarshal([]byte(n.fixture.get(t, "/c/"+city+"/feed.json").body), &feed); err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, item := range slices.Backward(feed.Items) {
		texts = append(texts, item.ContentText)
	}
	return texts
}

func (n *pageNetwork) Subscribe(t testing.TB, _ *bottest.World, _, _ string) {
	t.Fatal("a page has no subscribers")
}

// Fail and Heal do nothing: the bot has no connection that could fail.
func (n *pageNetwork) Fail(bottest.Fault) {}
func (n *pageNetwork) Heal()              {}
