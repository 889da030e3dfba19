package mastodontest

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"linienfunk/bots/bottest/fake"
)

// Scopes are those of AddAccount's tokens.
const Scopes = "read:accounts read:follows read:lists read:statuses read:notifications write:statuses"

const outOfBand = "urn:ietf:wg:oauth:2.0:oob"

var knownScopes = strings.Fields("read write profile follow push read:accounts read:follows read:lists read:statuses read:notifications write:statuses")

type app struct {
	id, secret, scopes string
	redirects          []string
}

// grant is the access that an admin allowed, for a code or a token.
type grant struct {
	account                    *Account
	app                        *app
	scope, redirect, challenge string
}

// createApp follows https://docs.joinmastodon.org/methods/apps/#create.
func (s *Server) createApp(w http.ResponseWriter, r *http.Request) {
	s.parameters(r, "client_name", "redirect_uris", "scopes", "website")
	redirects := strings.Fields(r.PostFormValue("redirect_uris"))
	if r.PostFormValue("client_name") == "" || len(redirects) == 0 {
		s.Complain("app without a name or redirect_uris")
		fail(w, http.StatusUnprocessableEntity, "Validation failed: Application name can't be blank, Redirect URI can't be blank")
		return
	}
	for _, redirect := range redirects {
		if u, err := url.Parse(redirect); redirect != outOfBand && (err != nil || u.Scheme == "" || u.Host == "") {
			s.Complain("redirect_uri %q", redirect)
			fail(w, http.StatusUnprocessableEntity, "Validation failed: Redirect URI must be an absolute URI.")
			return
		}
	}
	for _, scope := range strings.Fields(r.PostFormValue("scopes")) {
		if !slices.Contains(s.scopes(), scope) {
			s.Complain("scope %q", scope)
			fail(w, http.StatusUnprocessableEntity, "Validation failed: Scopes doesn't match configured on the server.")
			return
		}
	}
	if s.BeforeApp != nil {
		s.BeforeApp()
	}
	s.mu.Lock()
	made := &app{id: "client-" + s.id(), secret: "secret-" + s.id(), scopes: r.PostFormValue("scopes"), redirects: redirects}
	s.apps = append(s.apps, made)
	s.mu.Unlock()
	fake.WriteJSON(w, http.StatusOK, map[string]any{
		"id": made.id, "name": r.PostFormValue("client_name"), "website": r.PostFormValue("website"), "client_id": made.id,
		"client_secret": made.secret, "redirect_uri": strings.Join(redirects, "\n"), "redirect_uris": redirects,
		"scopes": strings.Fields(made.scopes),
	})
}

// ForgetApps deletes all registrations, as instances do with unused ones after a day.
func (s *Server) ForgetApps() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps = nil
}

var authorizeHTML = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>Authorization required</title>
<h1>Authorization required</h1>
<form method="post" action="/oauth/authorize">
{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
<label>Account <select name="acct">{{range .Accounts}}<option>{{.}}</option>{{end}}</select></label>
<button name="allow" value="yes" id="allow">Authorize</button>
<button name="allow" value="no" id="deny">Deny</button>
</form></html>`))

// authorizePage follows https://docs.joinmastodon.org/methods/oauth/#authorize. Instead of a login it offers
// the local accounts.
func (s *Server) authorizePage(w http.ResponseWriter, r *http.Request) {
	if _, err := s.checkAuthorize(r.URL.Query()); err != nil {
		s.Complain("GET /oauth/authorize: %v", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var local []string
	s.mu.Lock()
	for _, a := range s.accounts {
		if a.local() {
			local = append(local, a.Acct)
		}
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	authorizeHTML.Execute(w, map[string]any{"Query": r.URL.Query(), "Accounts": local})
}

func (s *Server) checkAuthorize(q url.Values) (*app, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.apps, func(a *app) bool { return a.id == q.Get("client_id") })
	switch {
	case at < 0:
		return nil, errors.New("unknown client_id")
	case !slices.Contains(s.apps[at].redirects, q.Get("redirect_uri")):
		return nil, fmt.Errorf("redirect_uri %q was not registered", q.Get("redirect_uri"))
	case q.Get("response_type") != "code":
		return nil, errors.New("response_type is not code")
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256":
		return nil, errors.New("code_challenge_method is not S256")
	}
	for _, scope := range strings.Fields(q.Get("scope")) {
		if !slices.Contains(strings.Fields(s.apps[at].scopes), scope) {
			return nil, fmt.Errorf("scope %s was not registered", scope)
		}
	}
	return s.apps[at], nil
}

// authorize handles the form of the page.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		fail(w, http.StatusBadRequest, "bad form")
		return
	}
	found, err := s.checkAuthorize(r.Form)
	if err != nil {
		s.Complain("POST /oauth/authorize: %v", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	back := url.Values{}
	if state := r.Form.Get("state"); state != "" {
		back.Set("state", state)
	}
	if r.Form.Get("allow") != "yes" {
		back.Set("error", "access_denied")
		back.Set("error_description", "The resource owner or authorization server denied the request.")
	} else {
		s.mu.Lock()
		code := "code-" + s.id()
		s.codes[code] = &grant{
			account: s.accountNamed(r.Form.Get("acct")), app: found, scope: r.Form.Get("scope"),
			redirect: r.Form.Get("redirect_uri"), challenge: r.Form.Get("code_challenge"),
		}
		s.mu.Unlock()
		back.Set("code", code)
	}
	if r.Form.Get("redirect_uri") == outOfBand {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><input id="code" value=%q>`, back.Get("code"))
		return
	}
	http.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// Approve allows access at an address of /oauth/authorize as an account would in its browser, and returns where the
// browser is redirected to, or the code that the page shows.
func (s *Server) Approve(authorize, acct string) (string, error) {
	return s.decide(authorize, acct, "yes")
}

// Deny refuses access.
func (s *Server) Deny(authorize string) (string, error) { return s.decide(authorize, "", "no") }

func (s *Server) decide(authorize, acct, allow string) (string, error) {
	u, err := url.Parse(authorize)
	if err != nil {
		return "", err
	}
	form := u.Query()
	form.Set("acct", acct)
	form.Set("allow", allow)
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.PostForm(s.URL+"/oauth/authorize", form)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusFound {
		return resp.Header.Get("Location"), nil
	}
	page, err := io.ReadAll(resp.Body)
	if _, value, ok := strings.Cut(string(page), `value="`); err == nil && ok {
		return value[:strings.IndexByte(value, '"')], nil
	}
	return "", fmt.Errorf("authorize answers %d: %s", resp.StatusCode, page)
}

// token follows https://docs.joinmastodon.org/methods/oauth/#token, and RFC 7636 for code_verifier.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.parameters(r, "grant_type", "code", "client_id", "client_secret", "redirect_uri", "scope", "code_verifier")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client(r) == nil {
		fail(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	code := r.PostFormValue("code")
	g := s.codes[code]
	delete(s.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if g == nil || g.app != s.client(r) || g.redirect != r.PostFormValue("redirect_uri") ||
		g.challenge != "" && g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		fail(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	token := s.tokenOf(g)
	fake.WriteJSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "scope": g.scope, "created_at": 1700000000})
}

// tokenOf makes a token, or finds the one that the account gave the app before: Mastodon's config/initializers/doorkeeper.rb
// says reuse_access_token. s.mu is held.
func (s *Server) tokenOf(g *grant) string {
	for token, old := range s.tokens {
		if old.account == g.account && old.app == g.app && old.scope == g.scope {
			return token
		}
	}
	token := "token-" + s.id()
	s.tokens[token] = g
	return token
}

// client is the app that a request authenticates as. s.mu is held.
func (s *Server) client(r *http.Request) *app {
	for _, a := range s.apps {
		if a.id == r.PostFormValue("client_id") && a.secret == r.PostFormValue("client_secret") {
			return a
		}
	}
	return nil
}

// revoke follows https://docs.joinmastodon.org/methods/oauth/#revoke.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.parameters(r, "client_id", "client_secret", "token")
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[r.PostFormValue("token")]
	if s.client(r) == nil || g == nil || g.app != s.client(r) {
		fail(w, http.StatusForbidden, "unauthorized_client")
		return
	}
	delete(s.tokens, r.PostFormValue("token"))
	fake.WriteJSON(w, http.StatusOK, struct{}{})
}

// RevokeTokens makes all tokens of an account invalid and ends its streams.
func (s *Server) RevokeTokens(acct string) {
	defer s.DropStreams() // those of others open again
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.tokens {
		if g.account == s.accountNamed(acct) {
			delete(s.tokens, token)
		}
	}
}

// Tokens counts the valid tokens of an account.
func (s *Server) Tokens(acct string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, g := range s.tokens {
		if g.account == s.accountNamed(acct) {
			count++
		}
	}
	return count
}

// parameters complains about parameters that the documentation does not know.
func (s *Server) parameters(r *http.Request, known ...string) {
	if err := r.ParseForm(); err != nil {
		s.Complain("%s %s: %v", r.Method, r.URL.Path, err)
	}
	for name := range r.Form {
		if !slices.Contains(known, name) {
			s.Complain("%s %s: parameter %s", r.Method, r.URL.Path, name)
		}
	}
}
