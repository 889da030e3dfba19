package twitter

import (
	"errors"
	"net/http"

	"linienfunk/bots"
)

// Public serves the section on a city's page, and the address where X sends browsers back to.
func (b *bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.follow)
	mux.HandleFunc("GET /callback", b.comeBack)
	return mux
}

func (b *bot) follow(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if errors.Is(err, errNoAccount) || err == nil && !(mount.City.Options.On("enabled") && b.given.complete()) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "public.html", b.sectionData(mount, row, true))
}

// comeBack ends a login. It is a GET that changes something, as OAuth wants it (RFC 5849, 2.2); request token and cookie see to
// it that only the browser that began the login can end it, and once.
func (b *bot) comeBack(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token, denied := query.Get("oauth_token"), query.Get("denied")
	if denied != "" {
		token = denied
	}
	cookie, err := r.Cookie(b.cookieName())
	if err != nil || cookie.Value == "" || token == "" {
		b.lost(w, r)
		return
	}
	login, secret, err := b.store.useLogin(r.Context(), token, cookie.Value)
	if errors.Is(err, errNoLogin) {
		b.lost(w, r)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	http.SetCookie(w, b.cookie("", -1))

	// From here on the answers belong to the settings page where the login began.
	city, _, err := b.core.Cities.City(r.Context(), login.City)
	if err != nil {
		b.broken(w, r, err)
		return
	}
	r = bots.WithMount(r, bots.Mount{City: city, Path: login.Path, Lang: bots.MountOf(r).Lang})
	if denied != "" || query.Get("oauth_verifier") == "" {
		b.core.Pages.Failed(w, r, b.say(r, "login-denied"))
		return
	}
	row, err := b.finish(r.Context(), login, token, secret, query.Get("oauth_verifier"))
	if err != nil {
		b.refuse(w, r, err)
		return
	}
	b.core.Changed(login.City)
	b.core.Pages.Done(w, r, b.say(r, "connected", "Account", row.Label()))
}

// lost answers to a browser that comes back from a login nobody knows.
func (b *bot) lost(w http.ResponseWriter, r *http.Request) {
	b.core.Pages.Page(w, r, http.StatusBadRequest, b.say(r, "lost-title"), "lost.html", nil)
}
