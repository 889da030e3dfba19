package frontend

import (
	"net/http"
	"slices"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/settings"
)

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
// uses a code up. A HEAD, as programs send that look mount links lead, must not: http.ServeMux would take it for a GET.
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

// publicFile serves a file that a bot has right below the city's page, such as a feed. It takes all methods, so that the
// bot says which ones it knows.
func (f *Frontend) publicFile(w http.ResponseWriter, r *http.Request) error {
	city, ok, err := f.Settings.Get(r.Context(), r.PathValue("city"))
	if err != nil {
		return err
	}
	if !ok {
		return db.ErrNotFound
	}
	file := r.PathValue("file")
	for _, m := range f.mountedBots() {
		mount := bots.Mount{City: f.Settings.View(m.name, city), Path: "/c/" + city.City + "/" + m.name, Lang: f.lang(r)}
		if slices.Contains(m.files, file) {
			http.StripPrefix("/c/"+city.City, m.public).ServeHTTP(w, bots.WithMount(r, mount))
			return nil
		}
		if m.name == file && m.public != nil {
			http.Redirect(w, r, mount.Path+"/", http.StatusPermanentRedirect) // with the same method
			return nil
		}
	}
	return db.ErrNotFound
}
