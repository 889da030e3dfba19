package web

import (
	"net/http"

	"linienfunk/bots"
)

// citySection is the data of city_section.html, the network's section of the city's page.
type citySection struct {
	Form   *form // nil if switched off
	List   bool
	Posts  []postView // what is going on now
	Past   []postView // what is over, or not fresh any more
	City   string     // path of the city's page
	Mount  string     // path of the network's pages
	Script string     // hash of the scripts
	Last   uint       // id of the newest post, after which the live stream continues
	Max    int        // posts to show

	Filter, Action string // of filter.html
}

// showCitySection responds 204 if the city shows neither form nor list.
func (b *bot) showCitySection(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	hasForm, hasList := showsForm(r), showsList(r)
	if !hasForm && !hasList {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	data := citySection{List: hasList, City: cityPath(r), Mount: mount.Path, Script: b.scriptHash, Max: maxListed, Action: mount.Path + "/list"}
	if hasForm {
		f := b.newForm(r)
		data.Form = &f
	}
	if hasList {
		posts, err := b.latestPosts(r.Context(), mount.City.Name)
		if err != nil {
			b.serverError(w, r, "page", err)
			return
		}
		data.Last = newestID(posts)
		for _, p := range posts {
			if shown := b.view(r, p); shown.Class == classPast {
				data.Past = append(data.Past, shown)
			} else {
				data.Posts = append(data.Posts, shown)
			}
		}
	}
	w.Header().Set("Cache-Control", "no-store") // the form's Nonce is for one visitor
	b.core.Pages.Section(w, r, "city_section.html", data)
}
