package telegram

import (
	"errors"
	"net/http"

	"linienfunk/bots"
)

// Public serves the section on a city's page, and the webhooks.
func (b *Bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.follow)
	mux.HandleFunc("POST /hook/{hook}", b.hook)
	return mux
}

func (b *Bot) follow(w http.ResponseWriter, r *http.Request) {
	place := bots.Place(r)
	row, _, err := b.store.account(r.Context(), place.City.Name)
	if errors.Is(err, errNoAccount) || err == nil && !place.City.Options.On("enabled") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "public.html", sectionData{Path: place.Path, Account: row})
}
