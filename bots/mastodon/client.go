package mastodon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// client speaks to one instance, for one account if it has a token.
type client struct {
	*masto.Client
	instance string
	token    string
	account  string // its id, if it is known
}

func (b *bot) client(instance, token string) *client {
	c := masto.NewClient(&masto.Config{Server: instance, AccessToken: token})
	c.Client = *b.http(instance, token)
	return &client{Client: c, instance: instance, token: token}
}

// clientOf is a client that speaks for a city's account.
func (b *bot) clientOf(row Account, token string) *client {
	c := b.client(row.Instance, token)
	c.account = row.AccountID
	return c
}

// http is the program's HTTP client with our transport in front.
func (b *bot) http(instance, token string) *http.Client {
	h := *b.core.HTTP
	next := h.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	t := &transport{next: next, now: b.core.Now, pace: b.pace, pauses: &b.pauses, door: instance + " " + token}
	if d, ok := b.dialects.known(instance); ok && d.perAddress() {
		t.door, t.shared = instance, true
	}
	h.Transport = t
	return &h
}

// answer is an error answer of an instance. What it says is not shown: it may repeat what we sent.
type answer struct {
	status   int
	code     string // of OAuth: invalid_grant and the like
	sentence string // to look for known ones in
}

func (e *answer) Error() string {
	if e.code != "" {
		return fmt.Sprintf("instance answers %d %s", e.status, e.code)
	}
	return fmt.Sprintf("instance answers %d %s", e.status, http.StatusText(e.status))
}

// do calls what go-mastodon has no method for, or none that fits. A nil form is a GET. The answer goes into out.
func (c *client) do(ctx context.Context, path string, form url.Values, out any) error {
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, c.instance+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var said struct {
			Error string `json:"error"`
		}
		if json.NewDecoder(resp.Body).Decode(&said) != nil || strings.ContainsAny(said.Error, " \n") || len(said.Error) > 40 {
			return &answer{status: resp.StatusCode, sentence: said.Error} // not a code of OAuth
		}
		return &answer{status: resp.StatusCode, code: said.Error}
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// status is the HTTP status that err stands for, 0 if it is no answer of the API.
func status(err error) int {
	var theirs *masto.APIError
	var ours *answer
	switch {
	case errors.As(err, &theirs):
		return theirs.StatusCode
	case errors.As(err, &ours):
		return ours.status
	}
	return 0
}

// explain turns the error of a call into one that tells the core what to do.
func (c *client) explain(ctx context.Context, what string, err error) error {
	var tooMany *errTooMany
	var notJSON *errNotJSON
	if err == nil {
		return nil
	}
	code := status(err)
	if code != 0 {
		err = &answer{status: code} // without what they say
	}
	err = fmt.Errorf("%s: %w", what, err)
	switch {
	case ctx.Err() != nil && code == 0:
		return err // the caller's time is over
	case errors.As(err, &tooMany) && tooMany.status == http.StatusServiceUnavailable:
		return bots.RetryAfter(tooMany.after, "error-server", err)
	case errors.As(err, &tooMany):
		return bots.RetryAfter(tooMany.after, "error-too-many", err)
	case errors.As(err, &notJSON) && (notJSON.status == http.StatusForbidden || notJSON.status == http.StatusUnavailableForLegalReasons):
		return bots.Retry("error-turned-away", err) // not the API, which answers in JSON: our server is not wanted
	case errors.As(err, &notJSON), isSyntax(err):
		return bots.Retry("error-not-json", err)
	case code == 0:
		return bots.Retry("error-unreachable", err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		if say := c.turnedAway(ctx, code); say != "" {
			return bots.Revoked(say, err)
		}
	case code == http.StatusGone: // an instance that is being closed answers so to everything (SELF_DESTRUCT of Mastodon)
		return bots.Retry("error-closed", err)
	case code >= 500 || code == http.StatusRequestTimeout || code == http.StatusTooEarly:
		return bots.Retry("error-server", err)
	}
	return bots.Permanent("error-refused", err)
}

// isSyntax says that an answer was no JSON, cut off, or JSON of another kind.
func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind)
}
