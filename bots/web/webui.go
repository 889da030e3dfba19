package web

import (
	"html/template"
	"net/http"

	"linienfunk/bots"
)

// settings is the data of settings.html, the network's section of the settings page.
type settings struct {
	City    string // URL of the city's page
	Options template.HTML
}

// WebUI serves a link to the city's page and the options.
func (b *bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		mount := bots.MountOf(r)
		b.core.Pages.Section(w, r, "settings.html", settings{City: b.cityURL(mount.City.Name), Options: mount.Options})
	})
	return mux
}
