package web

import (
	"html/template"
	"net/http"
	"path"
	"strconv"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// bot implements bots.Bot and the interfaces that web.go lists. This file has what all of them use.
type bot struct {
	core       bots.Core
	rates      rates
	streams    *streamHub
	post       *template.Template // post.html
	scriptHash string             // of the scripts
	intake     kit.Intake         // passes Listen's CityOut to the form
}

// cityURL is the public URL of the city's page.
func (b *bot) cityURL(city string) string { return b.core.BaseURL + "/c/" + city }

// cityPath is the path of the city's page, the parent of our mount point.
func cityPath(r *http.Request) string { return path.Dir(bots.MountOf(r).Path) }

// postURL is the public URL of a post.
func (b *bot) postURL(p post) string {
	return b.cityURL(p.City) + "#post-" + strconv.FormatUint(uint64(p.ID), 10)
}

// showsForm reports whether the city takes reports by the form now.
func showsForm(r *http.Request) bool {
	city := bots.MountOf(r).City
	return city.Active && city.Options.On("form")
}

// showsList reports whether the city shows its list now.
func showsList(r *http.Request) bool {
	city := bots.MountOf(r).City
	return city.Active && city.Options.On("list")
}

// text returns one of the network's texts in the visitor's language.
func (b *bot) text(r *http.Request, id string, pairs ...any) string {
	return b.core.Pages.Text(bots.MountOf(r).Lang, id, pairs...)
}

// serverError logs why something (the subject of a sentence) could not be shown, and responds 503.
func (b *bot) serverError(w http.ResponseWriter, r *http.Request, something string, err error) {
	b.core.Log.Error(something+" cannot be shown", "city", bots.MountOf(r).City.Name, "err", err)
	b.unavailable(w, r)
}

// unavailable responds 503. A browser's EventSource gives up after that; live.js tries again.
func (b *bot) unavailable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "30")
	http.Error(w, b.text(r, "not-now"), http.StatusServiceUnavailable)
}
