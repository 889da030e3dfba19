package bottest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/places"
	"linienfunk/templates"
)

// Places is a Network whose bot is a places.Network.
type Places interface {
	// AddPlace makes the account of a connected city see one more place, which the city has not chosen, and returns when the bot can know it.
	AddPlace(t testing.TB, w *World, city, name string) (id string)
	// RemovePlace makes a place disappear. The network tells nobody.
	RemovePlace(t testing.TB, w *World, city, id string)
}

// KeptPlaces are the lists of the bot that a World has. They stand for those of package commands: they ask the network whenever they should.
type KeptPlaces struct {
	network  places.Network
	now      func() time.Time
	mu       sync.Mutex
	kept     map[string]places.Listing
	outdated int
}

// Outdatings is how often the bot has said that a list is outdated.
func (k *KeptPlaces) Outdatings() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.outdated
}

// Known implements places.Lists.
func (k *KeptPlaces) Known(ctx context.Context, city string) (places.Listing, error) {
	chosen, err := k.network.Chosen(ctx, city)
	k.mu.Lock()
	defer k.mu.Unlock()
	known := k.kept[city]
	known.Places = slices.Clone(known.Places)
	for i, p := range known.Places {
		known.Places[i].Chosen = slices.Contains(chosen, p.ID)
	}
	return known, err
}

// Refresh implements places.Lists.
func (k *KeptPlaces) Refresh(ctx context.Context, city string) (places.Listing, error) {
	found, err := k.network.Places(ctx, city)
	k.mu.Lock()
	known := k.kept[city]
	known.Why = ""
	if err != nil {
		known.Why = bots.AsError(err).Say
	} else {
		known.Places, known.At = found, k.now()
	}
	if k.kept == nil {
		k.kept = map[string]places.Listing{}
	}
	k.kept[city] = known
	k.mu.Unlock()
	return k.Known(ctx, city)
}

// Outdated implements places.Lists.
func (k *KeptPlaces) Outdated(context.Context, string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.outdated++
	return nil
}

// oddNames are names that people give to places.
var oddNames = []string{"Linie <4> & \"Co\"", "Straßenbahn 🚋", "日本語", "'; DROP TABLE --"}

// places tests a places.Network.
func (s suite) places(t *testing.T) {
	s.run(t, "a city without an account sees no places, and is told so", s.noPlaces)
	s.connected(t, "places are listed with their names and rights", s.placesAreListed)
	s.connected(t, "a place that is gone is left out", s.placeIsGone)
	s.connected(t, "the settings page, where there is something to choose, has the list read anew", s.placesOnPage)
	for _, fault := range []Fault{TooMany, Internal, HTML, Truncate, Hang} {
		s.connected(t, "when the network fails while it is asked for places the error says so: "+string(fault), func(t *testing.T, w *World, n Network, a bots.Account) { s.placesFail(t, w, n, a, fault) })
	}
	if s.f.Credentials {
		s.connected(t, "an account that is revoked sees no places, and the page keeps the older list", s.placesRevoked)
	}
}

func (s suite) see(t testing.TB, w *World, city string) ([]places.Place, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	return w.Bot.(places.Network).Places(ctx, city)
}

func (s suite) noPlaces(t *testing.T, w *World, _ Network) {
	found, err := s.see(t, w, "zuerich")
	s.placesSay(t, w, err, bots.KindPermanent)
	if len(found) > 0 {
		t.Errorf("%+v", found)
	}
	if chosen, err := w.Bot.(places.Network).Chosen(t.Context(), "zuerich"); err != nil || len(chosen) > 0 {
		t.Errorf("%q, %v", chosen, err)
	}
}

// placesSay checks an error, and that it has a text for people.
func (s suite) placesSay(t testing.TB, w *World, err error, kinds ...bots.Kind) {
	t.Helper()
	said := bots.AsError(err)
	if err == nil || !slices.Contains(kinds, said.Kind) {
		t.Fatalf("%v of kind %d, not %v", err, said.Kind, kinds)
	}
	for _, lang := range templates.Languages {
		if text := w.Core.Pages.Text(lang, said.Say); said.Say == "" || text == said.Say || text == "" {
			t.Errorf("%v has no text in %s: %q", err, lang, said.Say)
		}
	}
}

func (s suite) placesAreListed(t *testing.T, w *World, n Network, a bots.Account) {
	ids := map[string]string{}
	for _, name := range oddNames {
		ids[name] = n.(Places).AddPlace(t, w, a.City, name)
	}
	found, err := s.see(t, w, a.City)
	must(t, err)
	seen := map[string]places.Place{}
	for _, p := range found {
		if p.ID == "" || seen[p.ID].ID != "" || p.Kind == "" {
			t.Errorf("%+v among %+v", p, found)
		}
		for _, right := range p.Rights {
			if !slices.Contains(places.Rights, right) {
				t.Errorf("%+v has an unknown right", p)
			}
		}
		for _, lang := range templates.Languages {
			if p.Note != "" && w.Core.Pages.Text(lang, p.Note) == p.Note {
				t.Errorf("there is no text %q in %s", p.Note, lang)
			}
		}
		seen[p.ID] = p
	}
	for name, id := range ids {
		if seen[id].Name != name {
			t.Errorf("%q is listed as %+v", name, seen[id])
		}
	}
	chosen, err := w.Bot.(places.Network).Chosen(t.Context(), a.City)
	must(t, err)
	for _, id := range chosen {
		if seen[id].ID == "" {
			t.Errorf("%s is chosen, but not in the list", id)
		}
		if slices.ContainsFunc(oddNames, func(name string) bool { return ids[name] == id }) {
			t.Errorf("%+v is chosen", seen[id])
		}
	}
	again, err := s.see(t, w, a.City)
	must(t, err)
	if len(again) != len(found) {
		t.Errorf("%+v, and then %+v", found, again)
	}
	if _, err := s.see(t, w, "ghent"); err == nil {
		t.Error("another city sees places without an account")
	}
	for _, name := range oddNames {
		if strings.Contains(w.Log.String(), name) {
			t.Errorf("%q is in the log", name)
		}
	}
}

func (s suite) placeIsGone(t *testing.T, w *World, n Network, a bots.Account) {
	stays, goes := n.(Places).AddPlace(t, w, a.City, "bleibt"), n.(Places).AddPlace(t, w, a.City, "geht")
	n.(Places).RemovePlace(t, w, a.City, goes)
	found, err := s.see(t, w, a.City)
	must(t, err)
	has := func(id string) bool {
		return slices.ContainsFunc(found, func(p places.Place) bool { return p.ID == id })
	}
	if has(goes) || !has(stays) {
		t.Errorf("%+v", found)
	}
}

func (s suite) placesFail(t *testing.T, w *World, n Network, a bots.Account, fault Fault) {
	n.(Places).AddPlace(t, w, a.City, "Linie 4")
	n.Fail(fault)
	wait := 15 * time.Second
	if fault == Hang {
		wait = 300 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, err := w.Bot.(places.Network).Places(ctx, a.City)
	if said := bots.AsError(err); err == nil || said.Kind == bots.KindPermanent || said.Kind == bots.KindRevoked || fault == TooMany && said.Kind == bots.KindRetryAfter && said.After <= 0 {
		t.Errorf("%v: %+v", err, said)
	}
	n.Heal()
	w.Advance(time.Minute) // a pause that the network has asked for
	found, err := s.see(t, w, a.City)
	must(t, err)
	if len(found) == 0 {
		t.Error("nothing is seen once the network works")
	}
}

func (s suite) placesRevoked(t *testing.T, w *World, n Network, a bots.Account) {
	n.(Places).AddPlace(t, w, a.City, "Linie 4")
	known, err := w.Places.Refresh(t.Context(), a.City)
	if err != nil || len(known.Places) == 0 {
		t.Fatalf("%+v, %v", known, err)
	}
	n.Fail(Revoke)
	defer n.Heal()
	_, err = s.see(t, w, a.City)
	s.placesSay(t, w, err, bots.KindRevoked)
	if s.placesForm(t, w, a) {
		if answer := w.Submit(t, a.City, "/places", nil); answer.Header().Get("X-Failed") == "" {
			t.Errorf("refreshing: %v", answer.Header())
		}
	}
	if now, _ := w.Places.Known(t.Context(), a.City); len(now.Places) != len(known.Places) {
		t.Errorf("%+v became %+v", known, now)
	}
	s.placesPage(t, w, a)
}

// placesPage returns the settings page.
func (s suite) placesPage(t testing.TB, w *World, a bots.Account) string {
	t.Helper()
	answer := get(w, w.Bot.WebUI(), "/", "/city/"+a.City+"/bot/"+s.name, "en", true)
	if answer.Code != http.StatusOK {
		t.Fatalf("the page: %d", answer.Code)
	}
	return answer.Body.String()
}

// placesForm reports whether the page has a form that has the list read anew. A page on which nothing is chosen needs none.
func (s suite) placesForm(t testing.TB, w *World, a bots.Account) bool {
	t.Helper()
	return strings.Contains(s.placesPage(t, w, a), "/bot/"+s.name+"/places\"")
}

func (s suite) placesOnPage(t *testing.T, w *World, n Network, a bots.Account) {
	n.(Places).AddPlace(t, w, a.City, oddNames[0])
	if !s.placesForm(t, w, a) {
		return
	}
	if answer := w.Submit(t, a.City, "/places", nil); answer.Header().Get("X-Message") == "" {
		t.Errorf("refreshing: %v", answer.Header())
	}
	if got := s.placesPage(t, w, a); !strings.Contains(got, "Linie &lt;4&gt; &amp; &#34;Co&#34;") {
		t.Errorf("the place is not on the page:\n%s", got)
	}
}
