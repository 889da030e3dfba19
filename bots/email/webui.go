package email

import (
	"net/http"

	"linienfunk/bots"
)

// WebUI shows the city's address, how many subscribers it has, and a switch. Who subscribes is nobody's business.
func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showSettings)
	mux.HandleFunc("POST /switch", b.switchMail)
	return mux
}

func (b *Bot) showSettings(w http.ResponseWriter, r *http.Request) {
	place := bots.Place(r)
	off, err := b.store.isOff(r.Context(), place.City.Name)
	var count int64
	if err == nil {
		count, err = b.store.count(r.Context(), place.City.Name)
	}
	if err != nil {
		b.core.Log.Error("settings not shown", "city", place.City.Name, "error", err)
		http.Error(w, b.text(r, "try-again"), http.StatusInternalServerError)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", map[string]any{
		"Action": place.Path + "/switch", "Address": b.address(place.City.Name), "Off": off, "Subscribers": count,
	})
}

func (b *Bot) switchMail(w http.ResponseWriter, r *http.Request) {
	city := bots.Place(r).City.Name
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	off, text := false, "switched-on"
	switch r.PostFormValue("mail") {
	case "on":
	case "off":
		off, text = true, "switched-off"
	default:
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return
	}
	if err := b.store.setOff(r.Context(), city, off); err != nil {
		b.core.Log.Error("settings not saved", "city", city, "error", err)
		b.core.Pages.Failed(w, r, b.text(r, "try-again"))
		return
	}
	b.core.Changed(city)
	b.core.Pages.Done(w, r, b.text(r, text))
}
