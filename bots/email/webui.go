package email

import (
	"net/http"

	"linienfunk/bots"
)

// WebUI shows the city's address, how many subscribers it has, and the options. Who subscribes is nobody's business.
func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showSettings)
	return mux
}

func (b *Bot) showSettings(w http.ResponseWriter, r *http.Request) {
	place := bots.Place(r)
	count, err := b.store.count(r.Context(), place.City.Name)
	if err != nil {
		b.core.Log.Error("settings not shown", "city", place.City.Name, "error", err)
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", map[string]any{
		"Address": b.address(place.City.Name), "Off": !place.City.Options.On("enabled"), "Subscribers": count,
		"Options": place.Options,
	})
}
