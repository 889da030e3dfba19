package mastodon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// client calls one instance, on behalf of one account if it has a token.
type client struct {
	*masto.Client
	instance string
	token    string
	account  string // the account's id, if it is known
}

func (b *bot) client(instance, token string) *client {
	c := masto.NewClient(&masto.Config{Server: instance, AccessToken: token})
	c.Client = *b.http(instance, token)
	return &client{Client: c, instance: instance, token: token}
}

// clientOf returns a client for a city's account.
func (b *bot) clientOf(row Account, token string) *client {
	c := b.client(row.Instance, token)
	c.account = row.AccountID
	return c
}

// http returns the program's HTTP client with our transport in front.
func (b *bot) http(instance, token string) *http.Client {
	h := *b.Core.HTTP
	next := h.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	t := &transport{next: next, now: b.Core.Now, timing: b.timing, rateLimits: &b.rateLimits, limitKey: instance + " " + token}
	if d, ok := b.profiles.cached(instance); ok && d.limitsByAddress() {
		t.limitKey, t.shared = instance, true
	}
	h.Transport = t
	return &h
}

// apiError is an error response of an instance. Its text is never shown or logged: it may repeat what we sent.
type apiError struct {
	status   int
	code     string // of OAuth: invalid_grant and the like
	sentence string // searched for known messages
}

func (e *apiError) Error() string {
	if e.code != "" {
		return fmt.Sprintf("instance answers %d %s", e.status, e.code)
	}
	return fmt.Sprintf("instance answers %d %s", e.status, http.StatusText(e.status))
}

// do makes a call that go-mastodon has no fitting method for: a POST of form, or a GET if form is nil. It decodes the response into out.
func (c *client) do(ctx context.Context, path string, form url.Values, out any) error {
	_, err := c.call(ctx, path, form, out)
	return err
}

// call is do that also returns the header of the response.
func (c *client) call(ctx context.Context, path string, form url.Values, out any) (http.Header, error) {
	if form == nil {
		return c.callWith(ctx, http.MethodGet, path, nil, out)
	}
	return c.callWith(ctx, http.MethodPost, path, form, out)
}

func (c *client) callWith(ctx context.Context, method, path string, form url.Values, out any) (http.Header, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, c.instance+path, body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.send(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var said struct {
			Error string `json:"error"`
		}
		if json.NewDecoder(resp.Body).Decode(&said) != nil || strings.ContainsAny(said.Error, " \n") || len(said.Error) > 40 {
			return nil, &apiError{status: resp.StatusCode, sentence: said.Error} // not a code of OAuth
		}
		return nil, &apiError{status: resp.StatusCode, code: said.Error}
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to its end: else the connection is not used again
	return resp.Header, nil
}

// send sends a request. Only a redirect takes http.Client, which prepares for one with each request: thousands of accounts are polled.
func (c *client) send(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return c.Client.Do(req)
	}
	resp, err := c.Client.Transport.RoundTrip(req)
	if err != nil {
		return nil, &url.Error{Op: "Get", URL: req.URL.String(), Err: err} // as http.Client does
	}
	if !redirects(resp.StatusCode) {
		return resp, nil
	}
	resp.Body.Close()
	return c.Client.Do(req)
}

// status returns the HTTP status of an error response of the API, or 0 for any other error.
func status(err error) int {
	var theirs *masto.APIError
	var ours *apiError
	switch {
	case errors.As(err, &theirs):
		return theirs.StatusCode
	case errors.As(err, &ours):
		return ours.status
	}
	return 0
}

// explain turns the error of a call into a bots.Error.
func (c *client) explain(ctx context.Context, what string, err error) error {
	var tooMany *rateLimitError
	var notJSON *errNotJSON
	if err == nil {
		return nil
	}
	code := status(err)
	if code != 0 {
		err = &apiError{status: code} // without its text
	}
	err = fmt.Errorf("%s: %w", what, err)
	switch {
	case ctx.Err() != nil && code == 0:
		return err // the caller's deadline has passed
	case errors.As(err, &tooMany) && tooMany.status == http.StatusServiceUnavailable:
		return bots.RetryAfter(tooMany.after, "error-server", err)
	case errors.As(err, &tooMany):
		return bots.RetryAfter(tooMany.after, "error-too-many", err)
	case errors.As(err, &notJSON) && (notJSON.status == http.StatusForbidden || notJSON.status == http.StatusUnavailableForLegalReasons):
		return bots.Retry("error-turned-away", err) // the API answers in JSON: this is a proxy that blocks our server
	case errors.As(err, &notJSON), isSyntax(err):
		return bots.Retry("error-not-json", err)
	case code == 0:
		return bots.Retry("error-unreachable", err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		if say := c.refusalReason(ctx, code); say != "" {
			return bots.Revoked(say, err)
		}
	case code == http.StatusGone: // an instance that is being closed answers all calls with it (SELF_DESTRUCT of Mastodon)
		return bots.Retry("error-closed", err)
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
		return bots.Retry("error-server", err)
	}
	return bots.Permanent("error-refused", err)
}

// isSyntax reports whether a response was not JSON, was cut off, or had other types than expected.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
