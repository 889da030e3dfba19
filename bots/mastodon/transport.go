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

// maxAnswer is the maximum size of a response, and of a line of a stream, in bytes. A page of 80 long statuses has about 1 MB.
const maxAnswer = 4 << 20

// errNotJSON says that the response is not of the API, but e.g. a page of a proxy or of another program.
type errNotJSON struct{ status int }

func (e *errNotJSON) Error() string { return fmt.Sprintf("instance answers %d, not in JSON", e.status) }

// rateLimitError is a 429, or a 503 with Retry-After (docs/api/throttling.md of GoToSocial). Returning it as an error keeps
// go-mastodon from sleeping inside the call for up to an hour. A status of 0 means that the call was not made.
type rateLimitError struct {
	status int
	after  time.Duration
}

func (e *rateLimitError) Error() string {
	if e.status == 0 {
		return "instance asked to wait"
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

// withStream lifts the time limit of calls to the streaming API, and calls opened each time a stream opens.
func withStream(ctx context.Context, opened func()) context.Context {
	return context.WithValue(ctx, streamKey, opened)
}

// transport wraps the program's HTTP client for go-mastodon.
type transport struct {
	next       http.RoundTripper
	now        func() time.Time
	timing     timing
	rateLimits *rateLimits
	limitKey   string // the account or instance whose calls are counted together
	shared     bool   // the key is that of all accounts on the instance
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if left := t.rateLimits.remaining(t.limitKey, t.now()); t.shared && left > 0 {
		return nil, &rateLimitError{after: left}
	}
	ctx, cancel := context.WithCancel(req.Context())
	opened, stream := ctx.Value(streamKey).(func())
	stream = stream && strings.Contains(req.URL.Path, "/api/v1/streaming/")
	limit := t.timing.call
	if stream {
		limit = t.timing.idle
	}
	clock := time.AfterFunc(limit, cancel)
	end := func() { clock.Stop(); cancel() }

	resp, err := t.next.RoundTrip(t.withHeaders(req, ctx))
	if err != nil {
		if ctx.Err() != nil && req.Context().Err() == nil { // before end, which cancels ctx as our timer does
			err = context.DeadlineExceeded
		}
		end()
		return nil, err
	}
	if err := t.checkResponse(resp, stream); err != nil {
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

// withHeaders adds the headers that go-mastodon does not set.
func (t *transport) withHeaders(req *http.Request, ctx context.Context) *http.Request {
	key, ok := ctx.Value(idempotencyKey).(string)
	if !ok || req.Method != http.MethodPost {
		return req.WithContext(ctx)
	}
	req = req.Clone(ctx)
	req.Header.Set("Idempotency-Key", key)
	return req
}

func (t *transport) checkResponse(resp *http.Response, stream bool) error {
	busy := resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != ""
	if busy || resp.StatusCode == http.StatusTooManyRequests {
		after, hinted := retryAfter(resp.Header, t.now())
		if busy {
			return &rateLimitError{resp.StatusCode, t.rateLimits.busy(t.limitKey, t.now(), after)}
		}
		return &rateLimitError{resp.StatusCode, t.rateLimits.refused(t.limitKey, t.now(), after, hinted)}
	}
	if !stream {
		t.rateLimits.accepted(t.limitKey)
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

// retryAfter returns how long an instance asks us to wait: by Retry-After (RFC 9110, in seconds or as a date), or by
// X-RateLimit-Reset, a time (https://docs.joinmastodon.org/api/rate-limits/; GoToSocial 0.20 too) or a Unix timestamp (Laravel, and
// so Pixelfed); an hour at most. Times are by the instance's clock, which Date shows. It returns false if the instance does not say, as
// Pleroma and Akkoma never do (lib/pleroma/web/plugs/rate_limiter.ex).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
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

// cappedBody is the body of a response, with limits for time and size.
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
		err = context.DeadlineExceeded // it was our timer
	}
	return n, err
}

func (b *cappedBody) Close() error {
	defer b.end()
	return b.body.Close()
}

// streamBody is the body of a stream. It fails if no data arrives for a while, as on a dead connection, and if a line is too long, since
// go-mastodon keeps whole lines in memory. It always ends with an error: after an io.EOF go-mastodon reopens the stream at once.
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
