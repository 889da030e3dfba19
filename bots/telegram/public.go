package telegram

import (
	"errors"
	"net/http"

	"linienfunk/bots"
)

// Public serves the section on a city's page, and the webhooks.
func (b *Bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showLink)
	mux.HandleFunc("POST /hook/{hook}", b.serveWebhook)
	return mux
}

// showLink shows a link to the bot on the city's page, if the city has one that runs.
func (b *Bot) showLink(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if errors.Is(err, errNoAccount) || err == nil && !mount.City.Options.On("enabled") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		b.internalError(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "public.html", sectionData{Path: mount.Path, Account: row})
}
