// Package account has the pages of admins' accounts: registration, login, invitations, what an admin can change about the account, and the list of an admin's
// cities, where new ones are created.
package account

import (
	"embed"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/go-webauthn/webauthn/webauthn"

	"linienfunk/db"
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
	reserved  reservedWords
	running   sync.WaitGroup // see background
	slots     chan struct{}
	relying   *webauthn.WebAuthn // nil if there can be no passkeys
}

// New reads the word lists. An error is a mistake in the program's files.
func New(s *site.Site, w *wording.Wording) (*Pages, error) {
	lists, err := loadWords()
	if err != nil {
		return nil, err
	}
	passwords, err := newPasswords()
	if err != nil {
		return nil, err
	}
	relying, err := newRelyingParty(s.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Pages{
		relying: relying,
		Site:    s, words: w, passwords: passwords, limits: newRateLimits(s.Limits), reserved: lists, slots: make(chan struct{}, backgroundSlots),
	}, nil
}

// AddTo adds the pages to mux.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /register", p.Handle(loggedOut(p.invited(p.registerForm))))
	mux.HandleFunc("POST /register", p.Handle(p.invited(p.register)))
	mux.HandleFunc("GET /register/sent", p.Handle(p.registerSent))
	mux.HandleFunc("GET /confirm/{token}", p.Handle(p.registers(p.confirmForm)))
	mux.HandleFunc("POST /confirm/{token}", p.Handle(p.registers(p.confirm)))
	mux.HandleFunc("GET /login", p.Handle(loggedOut(p.loginForm)))
	mux.HandleFunc("POST /login", p.Handle(p.login))
	mux.HandleFunc("GET /login/code/{token}", p.Handle(p.codeForm))
	mux.HandleFunc("POST /login/code/{token}", p.Handle(p.code))
	mux.HandleFunc("POST /login/passkey", p.Handle(p.beginPasskeyLogin))
	mux.HandleFunc("POST /login/passkey/{token}", p.Handle(p.finishPasskeyLogin))
	mux.HandleFunc("POST /logout", p.Handle(p.logout))
	mux.HandleFunc("GET /forgot", p.Handle(p.forgotForm))
	mux.HandleFunc("POST /forgot", p.Handle(p.forgot))
	mux.HandleFunc("GET /forgot/sent", p.Handle(p.forgotSent))
	mux.HandleFunc("GET /reset/{token}", p.Handle(p.resetForm))
	mux.HandleFunc("POST /reset/{token}", p.Handle(p.reset))
	mux.HandleFunc("GET /invite/{token}", p.Handle(p.inviteForm))
	mux.HandleFunc("POST /invite/{token}", p.Handle(p.accept))
	for pattern, action := range map[string]site.AdminAction{
		"GET /account":                    p.account,
		"POST /account/address":           p.changeAddress,
		"GET /account/address/{token}":    p.newAddressForm,
		"POST /account/address/{token}":   p.newAddress,
		"POST /account/password":          p.changePassword,
		"POST /account/sessions":          p.endSessions,
		"POST /account/sessions/{id}/end": p.endSession,
		"POST /account/language":          p.changeLanguage,
		"GET /account/export":             p.exportAccount,
		"POST /account/delete":            p.deleteAccount,
		"POST /account/totp":              p.setUpTotp,
		"POST /account/totp/confirm":      p.confirmTotp,
		"POST /account/totp/end":          p.endTotp,
		"POST /account/recovery":          p.renewRecovery,

		"POST /account/passkeys":             p.beginPasskey,
		"POST /account/passkey/{token}":      p.finishPasskey,
		"POST /account/passkeys/{id}/remove": p.removePasskey,
		"POST /account/passkeys/{id}/rename": p.renamePasskey,
		// These addresses only take forms. A link to another language, or typing them, makes a GET.
		"GET /account/address":           p.backToAccount,
		"GET /account/password":          p.backToAccount,
		"GET /account/sessions":          p.backToAccount,
		"GET /account/sessions/{id}/end": p.backToAccount,
		"GET /account/language":          p.backToAccount,
		"GET /account/delete":            p.backToAccount,
		"GET /account/totp":              p.backToAccount,
		"GET /account/totp/{form}":       p.backToAccount,
		"GET /account/recovery":          p.backToAccount,

		"GET /account/passkeys":             p.backToAccount,
		"GET /account/passkeys/{id}/remove": p.backToAccount,
		"GET /account/passkeys/{id}/rename": p.backToAccount,
	} {
		mux.HandleFunc(pattern, p.Handle(p.LoggedIn(action)))
	}
	mux.HandleFunc("GET /account/back/{token}", p.Handle(p.addressBackForm))
	mux.HandleFunc("POST /account/back/{token}", p.Handle(p.addressBack))
	mux.HandleFunc("GET /cities", p.Handle(p.LoggedIn(p.cities)))
	mux.HandleFunc("POST /announcements/{id}/dismiss", p.Handle(p.LoggedIn(p.dismiss)))
	mux.HandleFunc("POST /cities", p.Handle(p.LoggedIn(func(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
		return p.invited(func(w http.ResponseWriter, r *http.Request) error { return p.addCity(w, r, admin) })(w, r)
	})))
}

// loggedOut redirects logged-in admins to their cities.
func loggedOut(action func(w http.ResponseWriter, r *http.Request) error) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if site.Admin(r) != nil {
			http.Redirect(w, r, (&url.URL{Path: "/cities", RawQuery: r.URL.RawQuery}).String(), http.StatusSeeOther) // with an invitation
			return nil
		}
		return action(w, r)
	}
}
