package web

import (
	"net/http"

	"linienfunk/bots"
)

// settings is our section of the settings page, as settings.html shows it.
type settings struct {
	Action     string
	City       string // address of the city's page
	Form, List bool
}

// WebUI serves two switches and a link.
func (b *bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.showSettings)
	mux.HandleFunc("POST /settings", b.saveSettings)
	return mux
}

func (b *bot) showSettings(w http.ResponseWriter, r *http.Request) {
	place := bots.Place(r)
	p, err := b.page(r.Context(), place.City.Name)
	if err != nil {
		b.fail(w, r, "settings", err)
		return
	}
	b.core.Pages.Section(w, r, "settings.html", settings{
		Action: place.Path + "/settings", City: b.cityURL(place.City.Name), Form: !p.FormOff, List: !p.ListOff,
	})
}

func (b *bot) saveSettings(w http.ResponseWriter, r *http.Request) {
	city := bots.Place(r).City.Name
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		b.core.Pages.Failed(w, r, b.text(r, "form-unreadable"))
		return
	}
	p := page{City: city, FormOff: r.PostForm.Get("form") == "", ListOff: r.PostForm.Get("list") == ""}
	if err := b.savePage(r.Context(), p); err != nil {
		b.core.Log.Error("settings were not saved", "city", city, "err", err)
		b.core.Pages.Failed(w, r, b.text(r, "not-now"))
		return
	}
	b.announce(city)
	b.core.Changed(city)
	b.core.Pages.Done(w, r, b.text(r, "settings-saved"))
}
