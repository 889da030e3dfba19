package frontendtest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Visitor is a person with a browser.
type Visitor struct {
	*World
	Client *http.Client
	Lang   string // Accept-Language
	From   string // X-Forwarded-For
}

// Visitor returns a visitor with a new browser, who is not logged in.
func (s *World) Visitor() *Visitor {
	jar, err := cookiejar.New(nil)
	Check(s.T, err)
	return &Visitor{World: s, Client: &http.Client{Jar: jar}, Lang: "en"}
}

// VisitorAs returns a visitor who has logged in.
func (s *World) VisitorAs(address string) *Visitor {
	s.T.Helper()
	v := s.Visitor()
	got := v.Post("/login", "address", address, "password", Password)
	if got.Status != http.StatusOK || strings.HasSuffix(got.Path, "/login") {
		s.T.Fatalf("cannot log in: %d %s", got.Status, got.Path)
	}
	return v
}

// Answer is the page a visitor sees after redirects.
type Answer struct {
	T      testing.TB
	Status int
	Path   string
	Text   string // HTML without entities
	Raw    string // HTML
	Header http.Header
}

// inline matches inline styles and scripts, which the pages' policy forbids.
var inline = regexp.MustCompile(`<style|<script[^>]*>[^<]|<[a-z][^>]*\s(style|on[a-z]+)=`)

// Get loads a page.
func (v *Visitor) Get(path string, header ...string) Answer {
	v.T.Helper()
	return v.Send("GET", path, "", header...)
}

// Post sends a form; pairs are names and values.
func (v *Visitor) Post(path string, pairs ...string) Answer {
	v.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.Send("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// Submit sends a form of a page as a browser would, with other values in some fields. An empty value removes the field.
func (v *Visitor) Submit(page Answer, action string, pairs ...string) Answer {
	v.T.Helper()
	form := page.Form(action)
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return v.Send("POST", action, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

// Send makes a request and follows redirects; header is names and values.
func (v *Visitor) Send(method, path, body string, header ...string) Answer {
	v.T.Helper()
	r, err := http.NewRequestWithContext(v.T.Context(), method, v.URL+strings.TrimPrefix(path, v.URL), strings.NewReader(body))
	Check(v.T, err)
	r.Header.Set("Accept-Language", v.Lang)
	if v.From != "" {
		r.Header.Set("X-Forwarded-For", v.From)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := v.Client.Do(r)
	Check(v.T, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	Check(v.T, err)
	if found := inline.FindString(string(text)); found != "" {
		v.T.Errorf("%s has something inline, which the policy refuses: %s", path, found)
	}
	return Answer{v.T, res.StatusCode, res.Request.URL.RequestURI(), html.UnescapeString(string(text)), string(text), res.Header}
}

// Want ends the test if the status differs or a text is missing.
func (a Answer) Want(status int, texts ...string) Answer {
	a.T.Helper()
	if a.Status != status {
		a.T.Errorf("%s: status %d, want %d", a.Path, a.Status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.Text, text) {
			a.T.Errorf("%s does not say %q", a.Path, text)
		}
	}
	if a.T.Failed() {
		a.T.Log(a.Text)
		a.T.FailNow()
	}
	return a
}

// WantNot checks that none of the texts is on the page.
func (a Answer) WantNot(texts ...string) Answer {
	a.T.Helper()
	for _, text := range texts {
		if strings.Contains(a.Text, text) {
			a.T.Errorf("%s says %q", a.Path, text)
		}
	}
	return a
}

// At checks the address that redirects led to.
func (a Answer) At(path string) Answer {
	a.T.Helper()
	if a.Path != path {
		a.T.Fatalf("at %s, want %s\n%s", a.Path, path, a.Text)
	}
	return a
}

// Link returns the path of the link in the last mail.
func (s *World) Link() string {
	s.T.Helper()
	s.Accounts.Wait()
	all := s.Mails.All()
	if len(all) == 0 {
		s.T.Fatal("no mail")
	}
	found := regexp.MustCompile(regexp.QuoteMeta(s.URL) + `(/\S+)`).FindStringSubmatch(all[len(all)-1].Text)
	if found == nil {
		s.T.Fatalf("no link in %q", all[len(all)-1].Text)
	}
	return found[1]
}
