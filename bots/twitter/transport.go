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

// maxAnswer is the longest answer read, in bytes. A page of 100 long posts has less than one MB.
const maxAnswer = 4 << 20

var (
	errTooLong = errors.New("answer of X is too long")
	// errNotJSON says that something else than the API answered, such as the page of a proxy.
	errNotJSON = errors.New("answer of X is not in JSON")
)

// wire carries calls to the server. It gives them deadlines, reads the whole answer, and turns what is no success into
// an error, so that neither dialect has to. It stands below the signing: what it changes is not signed.
type wire struct {
	ctx   context.Context // oauth1 and go-twitter hand on none
	next  http.RoundTripper
	limit time.Duration
	now   func() time.Time
	forms bool // answers are forms, as those of the login
}

func (t wire) RoundTrip(req *http.Request) (*http.Response, error) {
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
		return nil, readAnswer(resp.StatusCode, resp.Header, body, t.now())
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

func (b *bot) wire(ctx context.Context) wire {
	next := b.core.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	return wire{ctx: ctx, next: next, limit: b.pace.call, now: b.core.Now}
}

// signed is a client whose calls carry the keys of an account (RFC 5849).
func (b *bot) signed(ctx context.Context, keys *oauth1.Token) *http.Client {
	ctx = context.WithValue(ctx, oauth1.HTTPClient, &http.Client{Transport: b.wire(ctx)})
	return noRedirects(oauth1.NewClient(ctx, &oauth1.Config{ConsumerKey: b.given.key, ConsumerSecret: b.given.secret}, keys))
}

// noRedirects keeps a client where it was sent to: a signature holds for one address only.
func noRedirects(c *http.Client) *http.Client {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// elsewhere sends calls to another server than the one that go-twitter has built in. It stands above the signing,
// since the host is part of what is signed.
type elsewhere struct {
	base *url.URL
	next http.RoundTripper
}

func (t elsewhere) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host, req.Host = t.base.Scheme, t.base.Host, ""
	return t.next.RoundTrip(req)
}
