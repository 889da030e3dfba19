package mastodon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is the longest answer read, and the longest line of a stream, in bytes. A page of 80 long statuses has about one MB.
const maxAnswer = 4 << 20

// errNotJSON says that something else than the API answered: the page of a proxy, or of no Mastodon at all.
type errNotJSON struct{ status int }

func (e *errNotJSON) Error() string { return fmt.Sprintf("instance answers %d, not in JSON", e.status) }

// errTooMany is a 429, or a 503 that says when to come back (docs/api/throttling.md of GoToSocial). As an error it keeps
// go-mastodon from sleeping inside the call for up to an hour. A status of 0 means that the instance was not even asked.
type errTooMany struct {
	status int
	after  time.Duration
}

func (e *errTooMany) Error() string {
	if e.status == 0 {
		return "instance is left alone, as it asked for"
	}
	return fmt.Sprintf("instance answers %d, wait", e.status)
}

var errTooLong = errors.New("answer of instance is too long")

type contextKey int

const (
	idempotencyKey contextKey = iota
	streamKey
)

// withIdempotencyKey makes the call carry the header Idempotency-Key (https://docs.joinmastodon.org/methods/statuses/#create).
func withIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey, key)
}

// withStream allows calls to the streaming API to last, and calls opened each time the stream has been accepted.
func withStream(ctx context.Context, opened func()) context.Context {
	return context.WithValue(ctx, streamKey, opened)
}

// transport stands between go-mastodon and the program's HTTP client.
type transport struct {
	next   http.RoundTripper
	now    func() time.Time
	pace   pace
	pauses *pauses
	door   string // whom the instance counts, in pauses
	shared bool   // behind the door are others, who hear of its pauses
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if left := t.pauses.left(t.door, t.now()); t.shared && left > 0 {
		return nil, &errTooMany{after: left}
	}
	ctx, cancel := context.WithCancel(req.Context())
	opened, stream := ctx.Value(streamKey).(func())
	stream = stream && strings.Contains(req.URL.Path, "/api/v1/streaming/")
	limit := t.pace.call
	if stream {
		limit = t.pace.idle
	}
	clock := time.AfterFunc(limit, cancel)
	end := func() { clock.Stop(); cancel() }

	resp, err := t.next.RoundTrip(t.dress(req, ctx))
	if err != nil {
		if ctx.Err() != nil && req.Context().Err() == nil { // before end, which cancels ctx as our clock does
			err = context.DeadlineExceeded
		}
		end()
		return nil, err
	}
	if err := t.check(resp, stream); err != nil {
		resp.Body.Close()
		end()
		return nil, err
	}
	if stream && resp.StatusCode == http.StatusOK {
		resp.Body = &streamBody{body: resp.Body, clock: clock, idle: limit, end: end}
		opened()
		return resp, nil
	}
	resp.Body = &cappedBody{body: resp.Body, caller: req.Context(), left: maxAnswer, end: end}
	return resp, nil
}

// dress adds what go-mastodon leaves out.
func (t *transport) dress(req *http.Request, ctx context.Context) *http.Request {
	req = req.Clone(ctx)
	if key, ok := ctx.Value(idempotencyKey).(string); ok && req.Method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
	}
	return req
}

func (t *transport) check(resp *http.Response, stream bool) error {
	busy := resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
	if busy || resp.StatusCode == http.StatusTooManyRequests {
		after, hinted := retryAfter(resp.Header, t.now())
		return &errTooMany{resp.StatusCode, t.pauses.shut(t.door, t.now(), after, hinted)}
	}
	if !stream {
		t.pauses.open(t.door)
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case stream && resp.StatusCode == http.StatusOK:
		if kind != "text/event-stream" {
			return &errNotJSON{resp.StatusCode}
		}
	case kind != "" && !strings.HasSuffix(kind, "json") && !redirects(resp.StatusCode):
		return &errNotJSON{resp.StatusCode}
	}
	return nil
}

func redirects(status int) bool { return status >= 300 && status < 400 }

// retryAfter is the pause that an instance asks for: by Retry-After (RFC 9110, in seconds or as a date), or by
// X-RateLimit-Reset, a time (https://docs.joinmastodon.org/api/rate-limits/) or a Unix timestamp (docs/api/ratelimiting.md of
// GoToSocial; Laravel, and so Pixelfed); an hour at most. It is false when the instance does not say, as Pleroma and Akkoma
// never do (lib/pleroma/web/plugs/rate_limiter.ex).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	var after time.Duration
	value, reset := strings.TrimSpace(h.Get("Retry-After")), strings.TrimSpace(h.Get("X-RateLimit-Reset"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		after = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		after = at.Sub(now)
	} else if at, err := time.Parse(time.RFC3339, reset); err == nil {
		after = at.Sub(now)
	} else if unix, err := strconv.ParseInt(reset, 10, 64); err == nil {
		after = time.Unix(unix, 0).Sub(now)
	} else {
		return 0, false
	}
	return min(max(after, time.Second), time.Hour), true
}

// cappedBody is the body of an answer that must end, soon and not too long.
type cappedBody struct {
	body   io.ReadCloser
	caller context.Context
	left   int
	end    func()
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.body.Read(p[:min(len(p), b.left)])
	b.left -= n
	if errors.Is(err, context.Canceled) && b.caller.Err() == nil {
		err = context.DeadlineExceeded // it was our clock
	}
	return n, err
}

func (b *cappedBody) Close() error {
	defer b.end()
	return b.body.Close()
}

// streamBody is the body of a stream. It ends when nothing comes for a while, as on a dead connection, and when a line does
// not end, all of which go-mastodon would keep; and never without an error: go-mastodon would open it again at once, without
// a word.
type streamBody struct {
	body  io.ReadCloser
	line  int // bytes of the line that has not ended yet
	clock *time.Timer
	idle  time.Duration
	end   func()
}

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if n > 0 {
		b.clock.Reset(b.idle)
	}
	if end := bytes.LastIndexByte(p[:n], '\n'); end >= 0 {
		b.line = n - end - 1
	} else {
		b.line += n
	}
	if b.line > maxAnswer {
		return n, errTooLong
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *streamBody) Close() error {
	defer b.end()
	return b.body.Close()
}
