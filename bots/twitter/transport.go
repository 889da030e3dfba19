package twitter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dghubble/oauth1"
)

// maxAnswer is the maximum size of a response in bytes. A page of 100 long posts has less than 1 MB.
const maxAnswer = 4 << 20

var (
	errTooLong = errors.New("answer of X is too long")
	// errNotJSON says that the response is not of the API, but e.g. a page of a proxy.
	errNotJSON = errors.New("answer of X is not in JSON")
)

// transport adds a deadline to calls, reads the whole response, and returns an error response as an error, for both versions of the
// API. It is below the signing: its changes are not signed.
type transport struct {
	ctx   context.Context // oauth1 and go-twitter pass none
	next  http.RoundTripper
	limit time.Duration
	now   func() time.Time
	forms bool // responses are forms, as in the login
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(t.ctx, t.limit)
	defer cancel()
	req = req.Clone(ctx)
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer: %w", err)
	case len(body) > maxAnswer:
		return nil, errTooLong
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, parseError(resp.StatusCode, resp.Header, body, t.now())
	case !t.forms && len(body) > 0 && !isJSON(resp.Header):
		return nil, errNotJSON
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func isJSON(header http.Header) bool {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return strings.HasSuffix(kind, "json")
}

func (b *bot) transport(ctx context.Context) transport {
	next := b.Core.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{ctx: ctx, next: next, limit: b.timing.call, now: b.Core.Now}
}

// signed returns a client that signs calls with the keys of an account (RFC 5849).
func (b *bot) signed(ctx context.Context, keys *oauth1.Token) *http.Client {
	ctx = context.WithValue(ctx, oauth1.HTTPClient, &http.Client{Transport: b.transport(ctx)})
	return noRedirects(oauth1.NewClient(ctx, &oauth1.Config{ConsumerKey: b.operator.key, ConsumerSecret: b.operator.secret}, keys))
}

// noRedirects makes a client not follow redirects: a signature is for one URL only.
func noRedirects(c *http.Client) *http.Client {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// hostRewriter sends calls to another server than the one built into go-twitter. It is above the signing, since the host is
// signed.
type hostRewriter struct {
	base *url.URL
	next http.RoundTripper
}

func (t hostRewriter) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host, req.Host = t.base.Scheme, t.base.Host, ""
	return t.next.RoundTrip(req)
}
