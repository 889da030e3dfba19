package botpages

import (
	"net/http"
	"slices"
	"strings"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// serveAdmin serves a bot's pages for owners of the city.
func (b *Bots) serveAdmin(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	m, err := b.FromPath(r)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	b.serve(w, r, m.Admin, bots.Mount{City: b.Settings.View(m.Name, city), Path: "/city/" + city.City + "/bot/" + m.Name, Admin: true})
	return nil
}

// servePublic serves a bot's public pages for a city. Paused cities have them, too, so that people can unsubscribe.
func (b *Bots) servePublic(w http.ResponseWriter, r *http.Request) error {
	m, err := b.publicFromPath(r)
	if err != nil {
		return err
	}
	city, err := b.RequestedCity(r)
	if err != nil {
		return err
	}
	if b.serveKept(w, r, m, city, r.PathValue("rest")) {
		return nil
	}
	admin, err := b.IsAdminOf(r, city.City)
	if err != nil {
		return err
	}
	b.serve(w, r, m.Public, bots.Mount{City: b.Settings.View(m.Name, city), Path: "/c/" + city.City + "/" + m.Name, Admin: admin})
	return nil
}

// serveAllCities serves a bot's pages for all cities. Among them are callbacks of logins, whose GET uses up a code. http.ServeMux
// would route a HEAD, as link checkers send it, to the same handler: it is refused.
func (b *Bots) serveAllCities(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	m, err := b.publicFromPath(r)
	if err != nil {
		return err
	}
	b.serve(w, r, m.Public, bots.Mount{Path: "/bots/" + m.Name})
	return nil
}

// serve calls a bot's handler, unbuffered. Who opens an address without a page in a browser gets one of the site.
func (b *Bots) serve(w http.ResponseWriter, r *http.Request, handler http.Handler, mount bots.Mount) {
	mount.Lang, mount.Once = b.Lang(r), site.NewOnce()
	if asksForPage(r) {
		direct := w
		w = &missing{ResponseWriter: direct, show: func(status int) {
			if status == http.StatusMethodNotAllowed && mount.City.Name != "" {
				http.Redirect(direct, r, home(mount, r.PathValue("bot")), http.StatusSeeOther)
				return
			}
			b.ShowError(direct, r, http.StatusNotFound)
		}}
	}
	http.StripPrefix(mount.Path, handler).ServeHTTP(w, bots.WithMount(r, mount))
}

// servePageFile serves a bot's file directly below the city's page, such as a feed. It passes on all methods, so that the bot
// answers 405 with the methods that it allows.
func (b *Bots) servePageFile(w http.ResponseWriter, r *http.Request) error {
	city, err := b.RequestedCity(r)
	if err != nil {
		return err
	}
	file := r.PathValue("file")
	for _, m := range b.All() {
		if b.serveKept(w, r, m, city, file) {
			return nil
		}
		mount := bots.Mount{City: b.Settings.View(m.Name, city), Path: "/c/" + city.City + "/" + m.Name, Lang: b.Lang(r)}
		if slices.Contains(m.Files, file) {
			http.StripPrefix("/c/"+city.City, m.Public).ServeHTTP(w, bots.WithMount(r, mount))
			return nil
		}
		if m.Name == file && m.Public != nil {
			http.Redirect(w, r, mount.Path+"/", http.StatusPermanentRedirect) // with the same method
			return nil
		}
	}
	return db.ErrNotFound
}

// serveKept answers with one of a bot's files from memory. It returns false, without an answer, if the file is not the same for all
// visitors: it has to be called for each of them.
func (b *Bots) serveKept(w http.ResponseWriter, r *http.Request, m Mounted, city settings.Snapshot, file string) bool {
	if !slices.Contains(m.Files, file) || !site.ForAll(r) {
		return false
	}
	kept, _ := b.Memory.Load(city, b.Lang(r), m.Name+"/"+file, func() (*site.Kept, bool, error) {
		mount := bots.Mount{City: b.Settings.View(m.Name, city), Path: "/c/" + city.City + "/" + m.Name, Lang: b.Lang(r)}
		out := &responseBuffer{header: http.Header{}, most: maxFile}
		m.Public.ServeHTTP(out, bots.WithMount(b.WithoutVisitor(r, "/"+file), mount))
		if !out.isForAll() {
			return nil, false, nil
		}
		return site.KeepAnswer(out.header, out.body.Bytes()), true, nil
	})
	if kept == nil {
		return false
	}
	b.ServeKept(w, r, kept)
	return true
}

// maxFile is the size in bytes up to which a bot's file is kept in memory.
const maxFile = 1 << 20

// isForAll reports whether the answer says that it is the same for everybody.
func (c *responseBuffer) isForAll() bool {
	return c.status == http.StatusOK && !c.large && strings.HasPrefix(c.header.Get("ETag"), `"`) &&
		strings.Contains(c.header.Get("Cache-Control"), "public") && c.header.Get("Set-Cookie") == ""
}
