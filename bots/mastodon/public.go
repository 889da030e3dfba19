package mastodon

import (
	"errors"
	"net/http"

	"linienfunk/bots"
)

// Public serves the section on a city's page, and the address where instances send browsers back to.
func (b *bot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.followUs)
	mux.HandleFunc("GET /callback", b.comeBack)
	return mux
}

func (b *bot) followUs(w http.ResponseWriter, r *http.Request) {
	mount := bots.MountOf(r)
	row, _, err := b.store.account(r.Context(), mount.City.Name)
	if errors.Is(err, errNoAccount) || err == nil && !mount.City.Options.On("enabled") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	b.core.Pages.Section(w, r, "public.html", b.sectionData(mount, row, true))
}

// comeBack ends a login. It is a GET that changes something, as OAuth wants it (RFC 6749, 4.1.2); state and cookie
// see to it that only the browser that began the login can end it, and once.
func (b *bot) comeBack(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	cookie, err := r.Cookie(b.cookieName())
	if err != nil || cookie.Value == "" || query.Get("state") == "" {
		b.lost(w, r)
		return
	}
	login, verifier, err := b.store.useLogin(r.Context(), query.Get("state"), cookie.Value)
	if errors.Is(err, errNoLogin) {
		b.lost(w, r)
		return
	}
	if err != nil {
		b.broken(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: b.cookieName(), Path: "/bots/" + b.core.Name + "/", MaxAge: -1,
		HttpOnly: true, Secure: b.secure(), SameSite: http.SameSiteLaxMode})

	// From here on the answers belong to the settings page where the login began.
	city, _, err := b.core.Cities.City(r.Context(), login.City)
	if err != nil {
		b.broken(w, r, err)
		return
	}
	r = bots.WithMount(r, bots.Mount{City: city, Path: login.Path, Lang: bots.MountOf(r).Lang})
	if query.Get("error") != "" || query.Get("code") == "" {
		b.core.Pages.Failed(w, r, b.say(r, "login-denied"))
		return
	}
	b.complete(w, r, login, verifier, query.Get("code"))
}

// lost answers to a browser that comes back from a login nobody knows.
func (b *bot) lost(w http.ResponseWriter, r *http.Request) {
	b.core.Pages.Page(w, r, http.StatusBadRequest, b.say(r, "lost-title"), "lost.html", nil)
}
