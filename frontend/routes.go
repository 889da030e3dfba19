package frontend

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/settings"
)

// Handler serves the site. It sets the deadlines for bodies and answers itself, so the server around it should have no
// write timeout: bots stream, and move the deadline before each write, at least every writeTime.
func (f *Frontend) Handler() http.Handler {
	pages := http.NewServeMux()
	f.publicRoutes(pages)
	f.accountRoutes(pages)
	f.cityRoutes(pages)

	outer := http.NewServeMux()
	outer.Handle("GET /static/{hash}/{file}", f.static)
	outer.HandleFunc("GET /healthz", f.health)
	outer.HandleFunc("GET /robots.txt", f.robots)
	outer.HandleFunc("GET /favicon.ico", f.favicon)
	outer.Handle("/", f.origins.Handler(f.withVisit(pages)))
	return behindProxies(f.Proxies, f.guard(outer))
}

func (f *Frontend) publicRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", f.do(f.home))
	mux.HandleFunc("GET /c/{city}", f.do(f.public))
	mux.HandleFunc("GET /c/{city}/{$}", f.do(f.publicSlash))
	mux.HandleFunc("/c/{city}/{file}", f.do(f.publicFile))
	mux.HandleFunc("/c/{city}/{bot}/{rest...}", f.do(f.publicBot))
	mux.HandleFunc("/bots/{bot}/{rest...}", f.do(f.rootBot))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { f.fail(w, r, http.StatusNotFound) })
}

func (f *Frontend) accountRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /register", f.do(f.registerForm))
	mux.HandleFunc("POST /register", f.do(f.register))
	mux.HandleFunc("GET /register/sent", f.do(f.registerSent))
	mux.HandleFunc("GET /confirm/{token}", f.do(f.confirmForm))
	mux.HandleFunc("POST /confirm/{token}", f.do(f.confirm))
	mux.HandleFunc("GET /login", f.do(f.loginForm))
	mux.HandleFunc("POST /login", f.do(f.login))
	mux.HandleFunc("POST /logout", f.do(f.logout))
	mux.HandleFunc("GET /forgot", f.do(f.forgotForm))
	mux.HandleFunc("POST /forgot", f.do(f.forgot))
	mux.HandleFunc("GET /forgot/sent", f.do(f.forgotSent))
	mux.HandleFunc("GET /reset/{token}", f.do(f.resetForm))
	mux.HandleFunc("POST /reset/{token}", f.do(f.reset))
	mux.HandleFunc("GET /invite/{token}", f.do(f.inviteForm))
	mux.HandleFunc("POST /invite/{token}", f.do(f.accept))
}

func (f *Frontend) cityRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /cities", f.do(f.loggedIn(f.cities)))
	mux.HandleFunc("POST /cities", f.do(f.loggedIn(f.addCity)))
	mux.HandleFunc("GET /city/{city}", f.do(f.cityAdmin(f.city)))
	mux.HandleFunc("POST /city/{city}", f.do(f.cityAdmin(f.saveCity)))
	mux.HandleFunc("POST /city/{city}/try", f.do(f.cityAdmin(f.try)))
	mux.HandleFunc("POST /city/{city}/merge", f.do(f.cityAdmin(f.merge)))
	mux.HandleFunc("POST /city/{city}/options/{bot}", f.do(f.cityAdmin(f.saveOptions)))
	mux.HandleFunc("GET /city/{city}/ledger", f.do(f.cityAdmin(f.ledger)))
	mux.HandleFunc("POST /city/{city}/ledger/{id}/withdraw", f.do(f.cityAdmin(f.withdraw)))
	mux.HandleFunc("GET /city/{city}/history", f.do(f.cityAdmin(f.history)))
	mux.HandleFunc("POST /city/{city}/undo", f.do(f.cityAdmin(f.undo)))
	mux.HandleFunc("GET /city/{city}/settings.json", f.do(f.cityAdmin(f.export)))
	mux.HandleFunc("POST /city/{city}/import", f.do(f.cityAdmin(f.importFile)))
	mux.HandleFunc("POST /city/{city}/import/apply", f.do(f.cityAdmin(f.importApply)))
	mux.HandleFunc("POST /city/{city}/invite", f.do(f.cityAdmin(f.invite)))
	// Pages that a form led to, asked for by a link to another language or by hand.
	for path, to := range map[string]string{"try": "", "merge": "", "options/{bot}": "", "undo": "/history", "import": "/history", "import/apply": "/history", "ledger/{id}/withdraw": "/ledger"} {
		mux.HandleFunc("GET /city/{city}/"+path, f.do(f.cityAdmin(back(to))))
	}
	mux.HandleFunc("/city/{city}/bot/{bot}/{rest...}", f.do(f.cityAdmin(f.cityBot)))
}

// back leads to the page on which the form is.
func back(page string) cityAction {
	return func(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
		http.Redirect(w, r, "/city/"+city.City+page, http.StatusSeeOther)
		return nil
	}
}
