// Package account has the pages of admins' accounts: registration, login, passwords, invitations, and the list of an admin's
// cities, where new ones are created.
package account

import (
	"embed"
	"net/http"
	"sync"

	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Pages are the pages of accounts. Call Prune from time to time, and Wait when the server has stopped.
type Pages struct {
	*site.Site
	words *wording.Wording

	passwords *passwords
	limits    rateLimits
	lists     wordLists
	under     sync.WaitGroup // see afterwards
	slots     chan struct{}
}

// New reads the word lists. An error is a mistake in the program's files.
func New(s *site.Site, w *wording.Wording) (*Pages, error) {
	lists, err := loadWords()
	if err != nil {
		return nil, err
	}
	return &Pages{
		Site: s, words: w, passwords: newPasswords(), limits: newRateLimits(s.Now), lists: lists, slots: make(chan struct{}, afterwardsSlots),
	}, nil
}

// AddTo adds the pages to mux.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /register", p.Do(p.registerForm))
	mux.HandleFunc("POST /register", p.Do(p.register))
	mux.HandleFunc("GET /register/sent", p.Do(p.registerSent))
	mux.HandleFunc("GET /confirm/{token}", p.Do(p.confirmForm))
	mux.HandleFunc("POST /confirm/{token}", p.Do(p.confirm))
	mux.HandleFunc("GET /login", p.Do(p.loginForm))
	mux.HandleFunc("POST /login", p.Do(p.login))
	mux.HandleFunc("POST /logout", p.Do(p.logout))
	mux.HandleFunc("GET /forgot", p.Do(p.forgotForm))
	mux.HandleFunc("POST /forgot", p.Do(p.forgot))
	mux.HandleFunc("GET /forgot/sent", p.Do(p.forgotSent))
	mux.HandleFunc("GET /reset/{token}", p.Do(p.resetForm))
	mux.HandleFunc("POST /reset/{token}", p.Do(p.reset))
	mux.HandleFunc("GET /invite/{token}", p.Do(p.inviteForm))
	mux.HandleFunc("POST /invite/{token}", p.Do(p.accept))
	mux.HandleFunc("GET /cities", p.Do(p.LoggedIn(p.cities)))
	mux.HandleFunc("POST /cities", p.Do(p.LoggedIn(p.addCity)))
}
