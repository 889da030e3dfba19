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
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if errors.Is(err, errNoAccount) || err == nil && !mount.City.Options.On("enabled") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "public.html", sectionData{Path: mount.Path, Account: row})
}
