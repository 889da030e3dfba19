package frontend

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/templates"
)

// mounted is a bot with its handlers.
type mounted struct {
	name   string
	set    *templates.Set
	admin  http.Handler
	public http.Handler // nil without pages for the public
	files  []string     // of a bots.Rooted
	spread bool         // it is a bots.Broadcaster
}

// Mount gives a bot its place. Bots are shown in the order in which they are mounted. Like http.ServeMux it
// panics if two of them claim the same: a mistake in the program, to be found at its start.
func (f *Frontend) Mount(name string, bot bots.Bot, set *templates.Set) {
	m := mounted{name: name, set: set, admin: bot.WebUI()}
	if public, ok := bot.(bots.Public); ok {
		m.public = public.Public()
	}
	if rooted, ok := bot.(bots.Rooted); ok {
		m.files = rooted.Files()
	}
	_, m.spread = bot.(bots.Broadcaster)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.bots {
		if other.name == name {
			panic(fmt.Sprintf("bot %s is mounted twice", name))
		}
		for _, file := range m.files {
			if slices.Contains(other.files, file) {
				panic(fmt.Sprintf("bots %s and %s both claim the file %s", other.name, name, file))
			}
		}
	}
	f.bots = append(f.bots, m)
	f.sets[name] = set
}

func (f *Frontend) mountedBots() []mounted {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.bots)
}

// broadcasts says whether a bot sends to single subscribers.
func (f *Frontend) broadcasts(name string) bool {
	return slices.ContainsFunc(f.mountedBots(), func(m mounted) bool { return m.name == name && m.spread })
}

// bot returns the mounted bot that the request's path names.
func (f *Frontend) bot(r *http.Request) (mounted, error) {
	for _, m := range f.mountedBots() {
		if m.name == r.PathValue("bot") {
			return m, nil
		}
	}
	return mounted{}, db.ErrNotFound
}

// botSet returns a bot's texts; nil if it is not in the program (any more).
func (f *Frontend) botSet(name string) *templates.Set {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.sets[name]
}

// botText translates one of a bot's texts.
func (f *Frontend) botText(lang, bot, id string) string {
	if set := f.botSet(bot); set != nil && id != "" {
		return set.Text(lang, id)
	}
	return id
}

// botTitle is a bot's name for people: its text "bot-title", or else its directory's name.
func (f *Frontend) botTitle(lang, bot string) string {
	if title := f.botText(lang, bot, "bot-title"); title != "bot-title" {
		return title
	}
	letters := []rune(bot)
	if len(letters) > 0 {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}

// cityBot serves a bot's own pages for admins.
func (f *Frontend) cityBot(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	m, err := f.bot(r)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	f.serve(w, r, m.admin, bots.Mount{City: f.Settings.View(m.name, city), Path: "/city/" + city.City + "/bot/" + m.name, Admin: true})
	return nil
}

// publicBot serves a bot's pages for a city's public, whether the city is active or not: who wants to unsubscribe may.
func (f *Frontend) publicBot(w http.ResponseWriter, r *http.Request) error {
	m, err := f.bot(r)
	if err != nil {
		return err
	}
	city, ok, err := f.Settings.Get(r.Context(), r.PathValue("city"))
	if err != nil {
		return err
	}
	if !ok || m.public == nil {
		return db.ErrNotFound
	}
	admin, err := f.looksAfter(r, city.City)
	if err != nil {
		return err
	}
	f.serve(w, r, m.public, bots.Mount{City: f.Settings.View(m.name, city), Path: "/c/" + city.City + "/" + m.name, Admin: admin})
	return nil
}

// rootBot serves a bot's pages that are the same for all cities. Among them are callbacks of logins elsewhere, whose GET
// uses a code up. A HEAD, as programs send that look where links lead, must not: http.ServeMux would take it for a GET.
func (f *Frontend) rootBot(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	m, err := f.bot(r)
	if err != nil {
		return err
	}
	if m.public == nil {
		return db.ErrNotFound
	}
	f.serve(w, r, m.public, bots.Mount{Path: "/bots/" + m.name})
	return nil
}

// serve hands the request to a bot, unbuffered.
func (f *Frontend) serve(w http.ResponseWriter, r *http.Request, handler http.Handler, mount bots.Mount) {
	mount.Lang = f.lang(r)
	http.StripPrefix(mount.Path, handler).ServeHTTP(w, bots.WithMount(r, mount))
}

// looksAfter reports whether the visitor is an admin of the city.
func (f *Frontend) looksAfter(r *http.Request, city string) (bool, error) {
	admin := who(r)
	if admin == nil {
		return false, nil
	}
	cities, err := f.DB.CitiesOf(r.Context(), admin.ID)
	return slices.Contains(cities, city), err
}

// feedType is the media type of a feed that a browser should be told of, or empty.
func feedType(file string) string {
	switch {
	case strings.HasSuffix(file, ".atom"):
		return "application/atom+xml"
	case strings.HasSuffix(file, ".rss"):
		return "application/rss+xml"
	case strings.HasSuffix(file, ".json"):
		return "application/feed+json"
	}
	return ""
}
