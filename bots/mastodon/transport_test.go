package mastodon

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/internal/outgoing"
)

// answering returns a bot's client of a server that answers all requests with f.
func answering(t *testing.T, f http.HandlerFunc) *client {
	t.Helper()
	w, _ := newWorld(t)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return w.Bot.(*bot).client(server.URL, "token")
}

func TestThePauseThatAnInstanceAsksFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		header, value, date string
		want                time.Duration
	}{
		"in seconds":                       {"Retry-After", "7", "", 7 * time.Second},
		"as a date":                        {"Retry-After", "Sun, 01 Mar 2026 12:02:00 GMT", "", 2 * time.Minute},
		"as Mastodon's reset":              {"X-RateLimit-Reset", "2026-03-01T12:03:30.123456Z", "", 3*time.Minute + 30*time.Second + 123456*time.Microsecond},
		"as GoToSocial's reset":            {"X-RateLimit-Reset", "2026-03-01T12:03:30.123Z", "Sun, 01 Mar 2026 12:00:00 GMT", 3*time.Minute + 30*time.Second + 123*time.Millisecond},
		"as a Unix timestamp":              {"X-RateLimit-Reset", "1772366460", "", time.Minute},
		"not at all":                       {"X-Other", "", "", 0},
		"in an unknown form":               {"Retry-After", "soon", "", 0},
		"a reset in the past":              {"X-RateLimit-Reset", "2026-03-01T11:00:00Z", "", time.Second},
		"longer than we believe":           {"Retry-After", "9999999", "", time.Hour},
		"a reset by a clock that is late":  {"X-RateLimit-Reset", "2026-03-01T11:55:00Z", "Sun, 01 Mar 2026 11:50:00 GMT", 5 * time.Minute},
		"a reset by a clock that is early": {"X-RateLimit-Reset", "2026-03-01T13:05:00Z", "Sun, 01 Mar 2026 13:00:00 GMT", 5 * time.Minute},
		"a timestamp by a late clock":      {"X-RateLimit-Reset", "1772365860", "Sun, 01 Mar 2026 11:50:00 GMT", time.Minute},
		"a date by a late clock":           {"Retry-After", "Sun, 01 Mar 2026 11:52:00 GMT", "Sun, 01 Mar 2026 11:50:00 GMT", 2 * time.Minute},
		"an unreadable date":               {"X-RateLimit-Reset", "2026-03-01T12:05:00Z", "yesterday", 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Date": {c.date}}
			header.Set(c.header, c.value)
			if got, hinted := retryAfter(header, now); got != c.want || hinted != (c.want != 0) {
				t.Errorf("got %v (%v), want %v", got, hinted, c.want)
			}
		})
	}
}

func TestAnEndlessResponseIsCut(t *testing.T) {
	t.Parallel()
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `"`)
		line := bytes.Repeat([]byte("a"), 1<<16)
		for range 2 * maxAnswer / len(line) {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	_, err := c.GetAccountCurrentUser(t.Context())
	if !errors.Is(err, errTooLong) {
		t.Errorf("got %v", err)
	}
	bottest.WantError(t, c.explain(t.Context(), "verify", err), bots.KindRetry, "error-unreachable")
}

func TestAStreamWithAnEndlessLineIsClosed(t *testing.T) {
	t.Parallel()
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, strings.Repeat("event: notification\n", 3*maxAnswer/20)) // long as a whole, but not one line
		line := bytes.Repeat([]byte("a"), 1<<16)
		for range 2 * maxAnswer / len(line) {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	req, err := http.NewRequestWithContext(withStream(t.Context(), func() {}), http.MethodGet, c.instance+"/api/v1/streaming/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, errTooLong) || n < 4*maxAnswer-20 {
		t.Errorf("after %d bytes: %v", n, err)
	}
}

func TestASlowResponseIsAborted(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	w.Bot.(*bot).timing.call = 100 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := w.Bot.(*bot).client(server.URL, "token").GetAccountCurrentUser(t.Context())
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRequestsNameTheProgramAndCarryTheirKey(t *testing.T) {
	t.Parallel()
	var got []http.Header
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Clone())
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"1"}`)
	})
	ctx := withIdempotencyKey(t.Context(), "key")
	if _, err := c.PostStatus(ctx, &masto.Toot{Status: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetStatus(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"key", ""} {
		if got[i].Get("User-Agent") != "linienfunk/test" || got[i].Get("Idempotency-Key") != want {
			t.Errorf("request %d: %v", i, got[i])
		}
	}
}

func TestResponsesOfInstancesBecomeErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		want   bots.Kind
		say    string
	}{
		"a dead token":            {401, "application/json", `{"error":"The access token is invalid"}`, bots.KindRevoked, "error-revoked"},
		"a suspended account":     {403, "application/json", `{"error":"Your login is currently disabled"}`, bots.KindRevoked, "error-disabled"},
		"an unconfirmed account":  {403, "application/json", `{"error":"Your login is currently pending approval"}`, bots.KindRevoked, "error-unconfirmed"},
		"an instance that closes": {410, "application/json", `{"error":"Gone"}`, bots.KindRetry, "error-closed"},
		"a refused text":          {422, "application/json", `{"error":"Validation failed"}`, bots.KindPermanent, "error-refused"},
		"trouble":                 {503, "application/json", `{"error":"There was a temporary problem"}`, bots.KindRetry, "error-server"},
		"a proxy's page":          {502, "text/html", `<h1>Bad gateway</h1>`, bots.KindRetry, "error-not-json"},
		"a proxy's page with 200": {200, "text/html; charset=utf-8", `<h1>Just a moment</h1>`, bots.KindRetry, "error-not-json"},
		"a proxy that forbids":    {403, "text/html", `<h1>Blocked</h1>`, bots.KindRetry, "error-turned-away"},
		"JSON of another kind":    {200, "application/json", `["hello"]`, bots.KindRetry, "error-not-json"},
		"JSON without a status":   {200, "application/json", `{}`, bots.KindRetry, "error-not-json"},
		"a truncated answer":      {200, "application/json", `{"id":"1`, bots.KindRetry, "error-unreachable"},
		"no kind of answer":       {200, "", `nonsense`, bots.KindRetry, "error-not-json"},
	} {
		t.Run(name, func(t *testing.T) {
			client := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = nil
				if c.kind != "" {
					w.Header().Set("Content-Type", c.kind)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			_, err := client.post(t.Context(), url.Values{"status": {"kontrolle geheimwort"}})
			explained := client.explain(t.Context(), "post status", err)
			bottest.WantError(t, explained, c.want, c.say)
			if strings.Contains(explained.Error(), "geheimwort") || strings.Contains(explained.Error(), "token") {
				t.Errorf("the error tells too much: %v", explained)
			}
		})
	}
}

func TestAnUnreachableInstanceIsRetried(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	defer unknown.Close()
	here := httptest.NewServer(http.NotFoundHandler())
	defer here.Close()
	isDNS := func(err error) bool { var dns *net.DNSError; return errors.As(err, &dns) }
	isTLS := func(err error) bool { var cert *tls.CertificateVerificationError; return errors.As(err, &cert) }
	isPrivate := func(err error) bool { return errors.Is(err, outgoing.ErrPrivate) }
	for name, c := range map[string]struct {
		address string
		is      func(error) bool
	}{
		"no server listens":      {gone.URL, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"the name is not known":  {"http://gone.invalid", isDNS},
		"the certificate is not": {unknown.URL, isTLS},
		"it is on this machine":  {here.URL, isPrivate},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := newWorld(t)
			w.Core.HTTP = outgoing.Client(c.address != here.URL, "linienfunk/test")
			w.Restart(t)
			client := w.Bot.(*bot).client(c.address, "token")
			_, err := client.GetStatus(t.Context(), "1")
			explained := client.explain(t.Context(), "read status", err)
			bottest.WantError(t, explained, bots.KindRetry, "error-unreachable")
			if !c.is(explained) || errors.Is(explained, context.DeadlineExceeded) {
				t.Errorf("the cause is lost: %v", explained)
			}
		})
	}
}

func TestARequestWithoutAResponseTimesOut(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	w.Bot.(*bot).timing.call = 100 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	c := w.Bot.(*bot).client(server.URL, "token")
	_, err := c.GetStatus(t.Context(), "1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	bottest.WantError(t, c.explain(t.Context(), "read status", err), bots.KindRetry, "error-unreachable")
}

func TestOneConnectionCarriesManyCalls(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	w.Core.HTTP = outgoing.Client(true, "linienfunk/test")
	w.Restart(t)
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `[]`)
		w.(http.Flusher).Flush() // the length is not known: what follows says that this was all
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := w.Bot.(*bot).client(server.URL, "token")
	for range 5 {
		if _, err := c.notifications(t.Context(), []string{"mention", "update"}, "min_id", "1"); err != nil {
			t.Fatal(err)
		}
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestACallFollowsARedirect(t *testing.T) {
	t.Parallel()
	var asked []string
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
		if r.URL.Path != "/moved" {
			http.Redirect(w, r, "/moved?"+r.URL.RawQuery, http.StatusPermanentRedirect)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `[]`)
	})
	if _, err := c.notifications(t.Context(), []string{"mention"}, "min_id", "7"); err != nil {
		t.Fatal(err)
	}
	if want := "/moved?include_filtered=true&limit=80&min_id=7&types%5B%5D=mention Bearer token"; asked[len(asked)-1] != want {
		t.Errorf("%q, want %q", asked, want)
	}
}
