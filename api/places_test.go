package api_test

import (
	"strings"
	"testing"

	"linienfunk/commands"
)

const placesPath = "/api/v1/cities/bern/networks/telegram/places"

func TestPlacesAreAResourceOfTheirNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key("bern", commands.ScopeRead)
	refused := w.call("GET", placesPath, key, "", "Accept-Language", "de").wants(t, "a city that has not connected it", 409)
	if refused.text("code") != "conflict" || !strings.Contains(refused.text("detail"), "Das Netz sagt nicht") {
		t.Errorf("%s", refused.body)
	}
	for path, want := range map[string]string{
		strings.Replace(placesPath, "telegram", "fax", 1): "path.network network", placesPath + "?refresh=maybe": "query.refresh switch", placesPath + "?network=email": "query.network twice",
		placesPath + "?page=2": "query.page unknown",
	} {
		a := w.call("GET", path, key, "")
		if a.mistakes() != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	w.call("GET", strings.Replace(placesPath, "bern", "ghent", 1), key, "").wants(t, "another city", 404)
	w.call("GET", placesPath, w.key("bern", commands.ScopeReport), "").wants(t, "without the scope", 403)
	w.call("POST", placesPath, key, `{}`).wants(t, "another method", 405)
	w.call("GET", "/api/v1/cities/bern/places?network=telegram", key, "").wants(t, "the path of other commands", 404)
}
