package twittertest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots/bottest/fake"
)

// grant is a request token, or an access token.
type grant struct {
	secret   string
	callback string
	verifier string // of a request token that a user allowed
	user     *User
}

// signer returns the grant of the token that a request is signed with, nil if it is unknown, and what is wrong with the signature.
func (s *Server) signer(r *http.Request) (*grant, string) {
	oauth, problem := s.checked(r)
	if problem != "" {
		return nil, problem
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[oauth["oauth_token"]]
	if g == nil {
		return nil, ""
	}
	return g, verify(r, oauth, g.secret)
}

// checked parses the Authorization header and checks all of it but the signature (RFC 5849, 3.2).
func (s *Server) checked(r *http.Request) (map[string]string, string) {
	oauth, ok := parseHeader(r.Header.Get("Authorization"))
	if !ok {
		return nil, "no OAuth header that can be read"
	}
	seconds, _ := strconv.ParseInt(oauth["oauth_timestamp"], 10, 64)
	if off := time.Since(time.Unix(seconds, 0)); off > 5*time.Minute || off < -5*time.Minute {
		return nil, "timestamp " + oauth["oauth_timestamp"]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := oauth["oauth_token"] + " " + oauth["oauth_nonce"]
	switch {
	case oauth["oauth_consumer_key"] != ConsumerKey:
		return nil, "another consumer key"
	case oauth["oauth_signature_method"] != "HMAC-SHA1" || oauth["oauth_version"] != "1.0":
		return nil, "another method or version"
	case len(oauth["oauth_nonce"]) < 8 || s.nonces[nonce]:
		return nil, "a nonce that is short, or was used before"
	}
	s.nonces[nonce] = true
	return oauth, ""
}

func parseHeader(header string) (map[string]string, bool) {
	rest, ok := strings.CutPrefix(header, "OAuth ")
	oauth := map[string]string{}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value, err := url.PathUnescape(strings.Trim(value, `"`))
		if _, twice := oauth[name]; err != nil || twice {
			return nil, false
		}
		oauth[name] = value
	}
	return oauth, ok
}

// verify computes the signature again and returns why it is wrong, if it is.
func verify(r *http.Request, oauth map[string]string, tokenSecret string) string {
	base, err := baseString(r, oauth)
	if err != nil {
		return err.Error()
	}
	if want := sign(base, ConsumerSecret, tokenSecret); want != oauth["oauth_signature"] {
		return "the signature is wrong for " + base
	}
	return ""
}

// sign is RFC 5849, 3.4.2.
func sign(base, consumerSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(encode(consumerSecret)+"&"+encode(tokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// baseString is RFC 5849, 3.4.1: method, address, and all parameters, wherever they stand.
func baseString(r *http.Request, oauth map[string]string) (string, error) {
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, encode(name)+"="+encode(value)) }
	for name, value := range oauth {
		if name != "oauth_signature" && name != "realm" {
			add(name, value)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", errors.New("the body cannot be read")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	forms := []string{r.URL.RawQuery}
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		forms = append(forms, string(body))
	}
	for _, form := range forms {
		values, err := url.ParseQuery(form)
		if err != nil {
			return "", errors.New("the parameters cannot be read")
		}
		for name, all := range values {
			for _, value := range all {
				add(name, value)
			}
		}
	}
	slices.Sort(pairs)
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	address := scheme + "://" + strings.ToLower(r.Host) + r.URL.EscapedPath()
	return r.Method + "&" + encode(address) + "&" + encode(strings.Join(pairs, "&")), nil
}

// encode is RFC 5849, 3.6.
func encode(text string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// requestToken is step 1: https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens. Its answers are
// forms that say to be HTML.
func (s *Server) requestToken(w http.ResponseWriter, r *http.Request) {
	oauth, problem := s.checked(r)
	if problem == "" {
		problem = verify(r, oauth, "")
	}
	if problem != "" {
		s.Complain("request_token: %s", problem)
		fail(w, r, http.StatusUnauthorized, 32, "", "Could not authenticate you.")
		return
	}
	if oauth["oauth_callback"] != s.Callback {
		fail(w, r, http.StatusForbidden, 415, "", "Callback URL not approved for this client application.")
		return
	}
	token, secret := "request-"+rand.Text(), rand.Text()
	s.mu.Lock()
	s.requests[token] = &grant{secret: secret, callback: oauth["oauth_callback"]}
	s.mu.Unlock()
	form(w, url.Values{"oauth_token": {token}, "oauth_token_secret": {secret}, "oauth_callback_confirmed": {"true"}})
}

// accessToken is step 3.
func (s *Server) accessToken(w http.ResponseWriter, r *http.Request) {
	oauth, problem := s.checked(r)
	s.mu.Lock()
	g := s.requests[oauth["oauth_token"]]
	delete(s.requests, oauth["oauth_token"]) // it works once
	s.mu.Unlock()
	if problem == "" && g != nil {
		problem = verify(r, oauth, g.secret)
	}
	if problem != "" {
		s.Complain("access_token: %s", problem)
	}
	if problem != "" || g == nil || g.user == nil || g.verifier != oauth["oauth_verifier"] {
		fail(w, r, http.StatusUnauthorized, 89, "", "Invalid or expired token.")
		return
	}
	token, secret := s.grant(g.user)
	form(w, url.Values{"oauth_token": {token}, "oauth_token_secret": {secret}, "user_id": {g.user.ID}, "screen_name": {g.user.Handle}})
}

func (s *Server) grant(u *User) (token, secret string) {
	token, secret = u.ID+"-"+rand.Text(), rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = &grant{secret: secret, user: u}
	return token, secret
}

// Approve is step 2: the user allows access at the address to which the bot redirected the browser. It returns the address to which X
// redirects the browser.
func (s *Server) Approve(authorize, handle string) (string, error) {
	return s.decide(authorize, handle, true)
}

// Refuse is Approve by a user who denies access.
func (s *Server) Refuse(authorize string) (string, error) {
	return s.decide(authorize, "somebody", false)
}

func (s *Server) decide(authorize, handle string, allow bool) (string, error) {
	address, err := url.Parse(authorize)
	if err != nil || !strings.HasPrefix(authorize, s.URL+"/oauth/authorize?") {
		return "", fmt.Errorf("sent to %s", authorize)
	}
	token := address.Query().Get("oauth_token")
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.requests[token]
	if g == nil {
		return "", errors.New("X does not know this login")
	}
	if !allow {
		delete(s.requests, token)
		return g.callback + "?" + url.Values{"denied": {token}}.Encode(), nil
	}
	g.user, g.verifier = s.user(handle), rand.Text()
	return g.callback + "?" + url.Values{"oauth_token": {token}, "oauth_verifier": {g.verifier}}.Encode(), nil
}

// invalidateToken: https://docs.x.com/fundamentals/authentication/api-reference.
func (s *Server) invalidateToken(w http.ResponseWriter, r *http.Request, _ *User) {
	oauth, _ := parseHeader(r.Header.Get("Authorization"))
	s.mu.Lock()
	delete(s.tokens, oauth["oauth_token"])
	s.mu.Unlock()
	fake.WriteJSON(w, http.StatusOK, map[string]string{"access_token": oauth["oauth_token"]})
}

// Tokens counts the access tokens that work.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tokens)
}

func form(w http.ResponseWriter, values url.Values) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, values.Encode())
}
