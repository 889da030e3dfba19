package web

import (
	"net/http"
	"path"
	"time"

	"linienfunk/bots"
)

// section is our part of the city's page, as city_section.html shows it.
type section struct {
	Form   *form // nil if switched off
	List   bool
	Posts  []item
	City   string // path of the city's page
	Mount  string // path of our pages
	Script string // hash of live.js
	Last   uint   // the newest post, from which the live stream goes on
	Max    int    // posts to show
}

// item is a post in the list, as post.html shows it. The template uses nothing but this, since the live stream renders it
// without the core, whose pages come whole.
type item struct {
	ID       uint
	DateTime string // for programs
	When     string // for people
	Text     string
	Rest     string // folded; empty in a short post
	More     string // what unfolds it
}

func (b *bot) itemOf(r *http.Request, p post) item {
	text, rest := fold(p.Text)
	return item{
		ID: p.ID, DateTime: p.At.UTC().Format(time.RFC3339), When: bots.MountOf(r).City.In(p.At).Format(b.text(r, "date-format")),
		Text: text, Rest: rest, More: b.text(r, "list-whole"),
	}
}

// showSection answers with 204 if the city shows neither form nor list.
func (b *bot) showSection(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	form, list := formOpen(r), listOpen(r)
	if !form && !list {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	data := section{List: list, City: cityPath(r), Mount: mount.Path, Script: b.scripts, Max: listed}
	if form {
		f := newForm(r)
		data.Form = &f
	}
	if data.List {
		posts, err := b.latest(r.Context(), mount.City.Name)
		if err != nil {
			b.fail(w, r, "page", err)
			return
		}
		data.Last = newest(posts)
		for _, p := range posts {
			data.Posts = append(data.Posts, b.itemOf(r, p))
		}
	}
	w.Header().Set("Cache-Control", "no-store") // the form's Once is for one visitor
	b.core.Pages.Section(w, r, "city_section.html", data)
}

// listOpen says whether the city's list may be seen now.
func listOpen(r *http.Request) bool {
	city := bots.MountOf(r).City
	return city.Active && city.Options.On("list")
}

// fail answers a request that the database did not let us answer.
func (b *bot) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	b.core.Log.Error(what+" cannot be shown", "city", bots.MountOf(r).City.Name, "err", err)
	w.Header().Set("Retry-After", "30")
	http.Error(w, b.text(r, "not-now"), http.StatusServiceUnavailable)
}

// cityPath is the path of the city's page, right above ours.
func cityPath(r *http.Request) string { return path.Dir(bots.MountOf(r).Path) }

// newest is the highest id of posts that are sorted newest first; 0 if there are none.
func newest(posts []post) uint {
	if len(posts) == 0 {
		return 0
	}
	return posts[0].ID
}
