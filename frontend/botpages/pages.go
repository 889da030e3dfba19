package botpages

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"linienfunk/bots"
	"linienfunk/frontend/site"
	"linienfunk/templates"
)

// botPages implements bots.Pages for one bot.
type botPages struct {
	bots *Bots
	name string
	set  *templates.Set
}

// Pages returns the bots.Pages of a bot. It may be called before the bot is mounted.
func (b *Bots) Pages(name string, set *templates.Set) bots.Pages {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets[name] = set
	return botPages{b, name, set}
}

// Section answers with the bare fragment if a city's page asks for it. If a browser asks, e.g. after a form with mistakes, it
// answers with a whole page around the fragment.
func (p botPages) Section(w http.ResponseWriter, r *http.Request, name string, data any) {
	if !isFragment(r) {
		p.Page(w, r, http.StatusOK, p.bots.Title(p.bots.Lang(r), p.name), name, data)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := p.set.Render(w, p.bots.Lang(r), name, data); err != nil {
		p.bots.Log.Error("cannot render section", "bot", p.name, "template", name, "err", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// Page answers with a template of the bot inside the layout.
func (p botPages) Page(w http.ResponseWriter, r *http.Request, status int, title, name string, data any) {
	var body bytes.Buffer
	err := p.set.Render(&body, p.bots.Lang(r), name, data)
	if err == nil {
		mount := bots.MountOf(r)
		frame := struct {
			Title, Back, City, Lang string
			Headed, Named           bool // the content has an h2; it has an h1
			Content                 template.HTML
		}{
			title, p.home(r), mount.City.Title, mount.City.Lang,
			strings.Contains(body.String(), "<h2"), strings.Contains(body.String(), "<h1"), template.HTML(body.String()),
		}
		about := site.Page{Title: title, Private: true}
		if mount.City.Name != "" {
			about.Line = site.LineClass(mount.City.Name)
		}
		err = p.bots.Show(w, r, status, about, "bot.html", frame)
	}
	if err != nil {
		p.bots.Log.Error("cannot render page", "bot", p.name, "template", name, "err", err)
		p.bots.ShowError(w, r, http.StatusInternalServerError)
	}
}

// Done redirects to the page that has the bot's section, with a message. text is a sentence or an id of the bot's texts.
func (p botPages) Done(w http.ResponseWriter, r *http.Request, text string) {
	p.back(w, r, text, false)
}

// Failed is Done for a message about an error.
func (p botPages) Failed(w http.ResponseWriter, r *http.Request, text string) {
	p.back(w, r, text, true)
}

func (p botPages) back(w http.ResponseWriter, r *http.Request, text string, failed bool) {
	w.Header().Set("Cache-Control", "no-store")
	p.bots.Tell(w, r, p.home(r), p.set.Text(p.bots.Lang(r), text), failed)
}

// Text returns one of the bot's texts.
func (p botPages) Text(lang, id string, pairs ...any) string { return p.set.Text(lang, id, pairs...) }

func (p botPages) home(r *http.Request) string { return home(bots.MountOf(r), p.name) }

// home is the address of the page with a bot's section: the settings page for handlers mounted there, else the city's public
// page. Handlers for all cities may name a city with bots.WithMount.
func home(mount bots.Mount, bot string) string {
	switch {
	case mount.City.Name == "":
		return "/"
	case strings.HasPrefix(mount.Path, "/city/"), mount.Admin && !strings.HasPrefix(mount.Path, "/c/"):
		return "/city/" + mount.City.Name + "#" + bot
	}
	return "/c/" + mount.City.Name + "#" + bot
}
