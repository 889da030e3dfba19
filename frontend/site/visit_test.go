package site_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linienfunk/frontend"
	"linienfunk/frontend/frontendtest"
	"linienfunk/frontend/site"
)

// deadlined is a ResponseWriter that records its write deadline.
type deadlined struct {
	*httptest.ResponseRecorder
	at time.Time
}

func (d *deadlined) SetWriteDeadline(at time.Time) error { d.at = at; return nil }

func TestTheLanguageIsTheChosenOneOrTheBrowsers(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	v := s.Visitor()
	v.Get("/").Want(200, `<html lang="en">`, "One report")
	v.Lang = "de-CH,de;q=0.9,en;q=0.1"
	v.Get("/").Want(200, `<html lang="de">`, "Eine Meldung")
	v.Lang = "fr"
	v.Get("/").Want(200, `<html lang="en">`)
	v.Get("/register?lang=de&x=1").At("/register?x=1").Want(200, "Stadt starten")
	v.Get("/").Want(200, "Eine Meldung")
	v.Get("/?lang=tlh").Want(200, "Eine Meldung")
	v.Lang = "en"
	v.Get("/").Want(200, "Eine Meldung")
}

func TestChoosingALanguageStaysOnThisSite(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	for _, path := range []string{"//evil.example/?lang=de", `/\evil.example?lang=de`, "/%2f/evil.example?lang=de"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		u, err := r.URL.Parse("http://linienfunk.example" + path)
		frontendtest.Check(t, err)
		r.URL = u
		s.Handler().ServeHTTP(w, r)
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || !strings.HasPrefix(to, "/") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

func TestAnAdminsLanguageAppliesInEveryBrowser(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	admin := s.Admin("ada@example.org", "berlin")
	frontendtest.Check(t, s.Site.DB.Model(&admin).Update("lang", "de").Error)
	s.VisitorAs("ada@example.org").Get("/city/berlin").Want(200, "Auslöser")
}

func TestCookiesAreSecureBehindHTTPS(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	deps := s.Site.Deps
	deps.BaseURL = "https://linienfunk.example/"
	f, err := frontend.New(deps)
	frontendtest.Check(t, err)
	s.Admin("ada@example.org", "berlin")
	r := httptest.NewRequest("POST", "/login", strings.NewReader("address=ada@example.org&password="+strings.ReplaceAll(frontendtest.Password, " ", "+")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v: %s", cookies, w.Body)
	}
	if c := cookies[0]; !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Name != "__Host-session" {
		t.Errorf("cookie %v", c)
	}
}

func TestAForgedMessageIsNotShown(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	for _, value := range []string{"eyJUZXh0IjoieCJ9", "%%%", "AAAA"} {
		s.Visitor().Get("/", "Cookie", "flash="+value).Want(200).WantNot(`class="flash`)
	}
}

func TestResponsesHaveAWriteTimeoutOfAMinute(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if left := time.Until(w.at); left > time.Minute || left < 50*time.Second {
		t.Errorf("%v left", left)
	}
}

func TestAFormIsReadInBothEncodings(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	pairs := append(s.Form("berlin", "title", "Mit Datei"), "file", "x")
	v.Upload("/city/berlin", "", pairs...).At("/city/berlin").Want(200, "Saved.", "Mit Datei")
	for what, body := range map[string]string{"no boundary": "multipart/form-data", "nothing in it": "multipart/form-data; boundary=x"} {
		got := v.Send("POST", "/city/berlin", "title=x", "Content-Type", body, "Sec-Fetch-Site", "same-origin")
		if got.Status != 400 {
			t.Errorf("%s: status %d", what, got.Status)
		}
	}
	v.Upload("/city/berlin/import", strings.Repeat("x", site.MaxBody)).Want(413, "Too large")
}

func TestARequestThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Visitor().Post("/login", "address", strings.Repeat("x", site.MaxBody+1)).Want(413, "Too large")
}
