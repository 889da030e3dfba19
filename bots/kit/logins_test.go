package kit_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/bots/kit"
)

// begin starts a login and returns the cookies of its browser.
func begin(t *testing.T, w *bottest.World, name string) []*http.Cookie {
	t.Helper()
	begun := w.Submit(t, "zuerich", "/connect", url.Values{"name": {name}, "login": {"yes"}})
	if begun.Code != http.StatusSeeOther || begun.Header().Get("Location") != "https://sketch.example/authorize" {
		t.Fatalf("%d %v", begun.Code, begun.Header())
	}
	return begun.Result().Cookies()
}

// comeBack returns to the program with a state, as a browser that the network redirects.
func comeBack(t *testing.T, w *bottest.World, state string, cookies []*http.Cookie) *httptest.ResponseRecorder {
	t.Helper()
	return w.Callback(t, "https://linienfunk.example/bots/sketch/callback?state="+state, cookies)
}

func TestALoginEndsWhereItBegan(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	cookies := begin(t, w, "zh")
	if c := cookies[0]; c.Name != "sketch_login" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/bots/sketch/" || c.MaxAge != 600 {
		t.Errorf("cookie %v", c)
	}
	done := comeBack(t, w, "zh", cookies)
	if done.Header().Get("X-Message") != "@zh is connected." || !strings.HasPrefix(done.Header().Get("Location"), "/city/zuerich/") {
		t.Errorf("%d %v", done.Code, done.Header())
	}
	if left := done.Result().Cookies(); len(left) != 1 || left[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", left)
	}
	if _, secret, err := n.Rows.Load(t.Context(), "zuerich"); err != nil || secret != "verifier" {
		t.Errorf("secret %q, %v", secret, err)
	}
}

func TestALoginThatCannotContinueIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  string
		before func(t *testing.T, w *bottest.World, cookies []*http.Cookie) []*http.Cookie
	}{
		"without a state":       {"", func(_ *testing.T, _ *bottest.World, c []*http.Cookie) []*http.Cookie { return c }},
		"with an unknown state": {"unknown", func(_ *testing.T, _ *bottest.World, c []*http.Cookie) []*http.Cookie { return c }},
		"without the cookie":    {"zh", func(*testing.T, *bottest.World, []*http.Cookie) []*http.Cookie { return nil }},
		"in another browser":    {"zh", func(t *testing.T, w *bottest.World, _ []*http.Cookie) []*http.Cookie { return begin(t, w, "other") }},
		"the second time": {"zh", func(t *testing.T, w *bottest.World, c []*http.Cookie) []*http.Cookie {
			comeBack(t, w, "zh", c)
			return c
		}},
		"after more than 10 minutes": {"zh", func(_ *testing.T, w *bottest.World, c []*http.Cookie) []*http.Cookie {
			w.Advance(10*time.Minute + time.Second)
			return c
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := newWorld(t)
			cookies := c.before(t, w, begin(t, w, "zh"))
			if got := comeBack(t, w, c.state, cookies); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), "This login has already been used") {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
	}
}

func TestALoginThatAnAdminEndsHasNoCookie(t *testing.T) {
	t.Parallel()
	_, n := newWorld(t)
	login := Login{Login: kit.Login{City: "zuerich", Path: "/p"}}
	if err := n.Logins.Open(t.Context(), login, "state", "", "verifier"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Logins.Use(t.Context(), "state", "a cookie"); !errors.Is(err, kit.ErrNoLogin) {
		t.Errorf("with a cookie: %v", err)
	}
	row, secret, err := n.Logins.Use(t.Context(), "state", "")
	if err != nil || secret != "verifier" || row.City != "zuerich" || row.Path != "/p" || row.State == "state" {
		t.Errorf("%+v, %q, %v", row, secret, err)
	}
}

func TestALoginThatCannotBeginSaysWhy(t *testing.T) {
	t.Parallel()
	w, n := newWorld(t)
	n.fail = errors.New("no connection")
	got := w.Submit(t, "zuerich", "/connect", url.Values{"name": {"zh"}, "login": {"yes"}})
	if got.Header().Get("X-Failed") != "Something went wrong on our side. Please try again." || len(got.Result().Cookies()) != 0 {
		t.Errorf("%v", got.Header())
	}
}

func TestExpiredLoginsAreDeleted(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	begin(t, w, "first")
	w.Advance(11 * time.Minute)
	begin(t, w, "second")
	var count int64
	if err := w.Core.DB.Model(&Login{}).Count(&count).Error; err != nil || count != 1 {
		t.Errorf("%d logins, %v", count, err)
	}
}
