package kit

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"linienfunk/bots"
)

// cookieName is the name of the cookie that binds a login to the browser where it began.
func (t Logins[L, P]) cookieName() string { return t.Core.Name + "_login" }

// setCookie sets the cookie, or deletes it if seconds is negative. SameSite=Lax sends it along when the network sends the browser back, but not
// from frames and forms of other sites.
func (t Logins[L, P]) setCookie(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: t.cookieName(), Value: value, Path: "/bots/" + t.Core.Name + "/", MaxAge: seconds,
		HttpOnly: true, Secure: secure(t.Core), SameSite: http.SameSiteLaxMode,
	})
}

// Redirect begins a login: it sends the browser to the address that begin returns, with a cookie. begin gets the cookie, which it
// hands to Open. On an error Redirect answers nothing and returns it.
func (t Logins[L, P]) Redirect(w http.ResponseWriter, r *http.Request, begin func(cookie string) (authorize string, err error)) error {
	cookie := rand.Text()
	authorize, err := begin(cookie)
	if err != nil {
		return err
	}
	t.setCookie(w, cookie, int(t.Lifetime.Seconds()))
	http.Redirect(w, r, authorize, http.StatusSeeOther)
	return nil
}

// Callback handles CallbackURL, where the network sends the browser back to; it is one of the routes of Pages.Public. key finds the
// login's key in the query. finish ends the login; its request is mounted at the settings page where the login began, so that
// Done and Failed lead back there.
//
// The handler is a GET that changes something, as OAuth wants it (RFC 6749, section 4.1.2; RFC 5849, section 2.2). Key and cookie make sure that
// only the browser that began the login can end it, and only once.
func (t Logins[L, P]) Callback(key func(query url.Values) string, finish func(w http.ResponseWriter, r *http.Request, row L, secret string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(t.cookieName())
		k := key(r.URL.Query())
		if err != nil || cookie.Value == "" || k == "" {
			t.lost(w, r)
			return
		}
		row, secret, err := t.Use(r.Context(), k, cookie.Value)
		if errors.Is(err, ErrNoLogin) {
			t.lost(w, r)
			return
		}
		var city bots.City
		if err == nil {
			t.setCookie(w, "", -1)
			city, _, err = t.Core.Cities.City(r.Context(), P(&row).login().City)
		}
		if err != nil {
			t.Core.Log.Error("login failed", "err", err)
			http.Error(w, t.Core.Pages.Text(bots.MountOf(r).Lang, "error-internal"), http.StatusInternalServerError)
			return
		}
		finish(w, bots.WithMount(r, bots.Mount{City: city, Path: P(&row).login().Path, Lang: bots.MountOf(r).Lang}), row, secret)
	}
}

// lost answers a browser that returns from an unknown login.
func (t Logins[L, P]) lost(w http.ResponseWriter, r *http.Request) {
	t.Core.Pages.Page(w, r, http.StatusBadRequest, t.Core.Pages.Text(bots.MountOf(r).Lang, "lost-title"), "lost.html", nil)
}
