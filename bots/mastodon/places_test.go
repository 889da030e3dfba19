package mastodon

import (
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/places"
)

func TestALoginFromBeforeListsWereReadSaysSoUntilTheCityLogsInAgain(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.AddList("zuerich", "Linie 4")
	fake.AddList("somebody", "not ours")
	fake.Narrow("zuerich", "read:lists")
	_, err := w.Bot.(places.Network).Places(t.Context(), a.City)
	if e := bots.AsError(err); e.Kind != bots.KindPermanent || e.Say != "places-scope" {
		t.Errorf("%+v", e)
	}
	if accounts, err := w.Bot.Accounts(t.Context()); err != nil || len(accounts) != 1 {
		t.Errorf("the account does not run any more: %v, %v", accounts, err)
	}
	fake.RevokeTokens("zuerich") // else the instance hands out the same token
	connect(t, w, fake, "zuerich", "zuerich")
	found, err := w.Bot.(places.Network).Places(t.Context(), a.City)
	if err != nil || len(found) != 1 || found[0].Name != "Linie 4" || found[0].Kind != places.List {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestAnInstanceWithoutListsSaysSo(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.Pixelfed)
	fake.NoLists = true
	_, err := w.Bot.(places.Network).Places(t.Context(), a.City)
	if e := bots.AsError(err); e.Kind != bots.KindPermanent || e.Say != "places-none" {
		t.Errorf("%+v", e)
	}
}
