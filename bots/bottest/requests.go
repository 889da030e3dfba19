package bottest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"linienfunk/bots"
)

// mount is the path of the settings of a city's account.
func (w *World) mount(city string) string { return "/city/" + city + "/bot/" + w.Core.Name }

// Serve calls a handler of the bot as the core does: at the mount point path, for a city (or none), in a language, as an admin.
func (w *World) Serve(t testing.TB, h http.Handler, path, city, lang string, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	mount := bots.Mount{Path: path, Lang: lang}
	if city != "" {
		found, ok, err := w.Core.Cities.City(t.Context(), city)
		if err != nil || !ok {
			t.Fatalf("city %s: %v %v", city, ok, err)
		}
		mount.City, mount.Admin = found, true
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, bots.WithMount(r, mount))
	return answer
}

// Settings returns the bot's section of a city's settings page.
func (w *World) Settings(t testing.TB, city, lang string) string {
	t.Helper()
	answer := w.Serve(t, w.Bot.WebUI(), w.mount(city), city, lang, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("settings: %d", answer.Code)
	}
	return answer.Body.String()
}

// Submit posts a form of a city's settings. The answer has the message for the admin in X-Message or X-Failed.
func (w *World) Submit(t testing.TB, city, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.Serve(t, w.Bot.WebUI(), w.mount(city), city, "en", r)
}

// Callback opens an address of the bot that belongs to no city, with cookies, like a browser that a network redirects after a login.
func (w *World) Callback(t testing.TB, address string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	t.Helper()
	mount := "/bots/" + w.Core.Name
	_, rest, ok := strings.Cut(address, "://linienfunk.example"+mount)
	if !ok {
		t.Fatalf("redirected to %s", address)
	}
	r := httptest.NewRequest(http.MethodGet, rest, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return w.Serve(t, w.Bot.(bots.Public).Public(), mount, "", "en", r)
}

// Account returns the city's account, which must exist.
func (w *World) Account(t testing.TB, city string) bots.Account {
	t.Helper()
	return w.account(t, city)
}

// Login connects a city's account by OAuth: it posts the form of the settings, calls approve with the address where the network asks
// for access, and opens the address to which the network redirects the browser.
func (w *World) Login(t testing.TB, city string, form url.Values, approve func(authorize string) (back string, err error)) bots.Account {
	t.Helper()
	begun := w.Submit(t, city, "/connect", form)
	if begun.Code != http.StatusSeeOther || begun.Header().Get("X-Failed") != "" {
		t.Fatalf("connect: %d %s", begun.Code, begun.Header().Get("X-Failed"))
	}
	back, err := approve(begun.Header().Get("Location"))
	must(t, err)
	done := w.Callback(t, back, begun.Result().Cookies())
	if done.Header().Get("X-Message") == "" {
		t.Fatalf("callback: %d %s %s", done.Code, done.Header().Get("X-Failed"), done.Body)
	}
	return w.Account(t, city)
}
