package transit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/internal/outgoing"
	"linienfunk/internal/testkit"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// publisher is a server with a feed.
type publisher struct {
	*httptest.Server
	mu     sync.Mutex
	feed   []byte
	etag   string
	status int
	asked  []string // If-None-Match of each request
}

func newPublisher(t *testing.T) *publisher {
	p := &publisher{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = append(p.asked, r.Header.Get("If-None-Match"))
		w.Header().Set("ETag", p.etag)
		switch {
		case p.status != 0:
			w.WriteHeader(p.status)
		case r.Header.Get("If-None-Match") == p.etag:
			w.WriteHeader(http.StatusNotModified)
		default:
			_, _ = w.Write(p.feed)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) publish(feed []byte, etag string, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.feed, p.etag, p.status = feed, etag, status
}

// following is a city whose network comes from an address.
type following struct {
	*world
	*transit.Imports
	publisher *publisher
	network   string // in force
}

func follow(t *testing.T, part network.Options) *following {
	w := newWorld(t)
	i, run := w.imports(filepath.Join(t.TempDir(), "feeds"))
	f := &following{world: w, Imports: i, publisher: newPublisher(t)}
	i.HTTP = outgoing.Client(true, "test")
	i.Apply = func(_ context.Context, city, from, to string) error {
		if f.network != from {
			return transit.ErrOther
		}
		f.network = to
		return nil
	}
	run()
	f.publisher.publish(testkit.Feed(t, testkit.CityLines(20)...), `"one"`, 0)
	w.check(i.Fetch(t.Context(), "berlin", f.publisher.URL+"/gtfs.zip", network.Options{}))
	last := w.ended(i, "berlin")
	if last.State != transit.Read || last.File != "gtfs.zip" {
		t.Fatalf("%+v %v", last, last.Failure)
	}
	n, err := w.store.Load(t.Context(), last.Hash)
	w.check(err)
	n, err = n.Narrow(part)
	w.check(err)
	f.network, err = w.store.Save(t.Context(), n)
	w.check(err)
	w.check(w.store.Use(t.Context(), f.network))
	w.check(i.Follow(t.Context(), "berlin", last, part, f.network))
	return f
}

func (f *following) week() transit.Refresh {
	f.t.Helper()
	f.Advance(7*24*time.Hour + time.Minute)
	f.RefreshDue(f.t.Context())
	got, _, err := f.Refreshed(f.t.Context(), "berlin")
	f.check(err)
	return got
}

func (f *following) lines() int {
	f.t.Helper()
	n, err := f.store.Load(f.t.Context(), f.network)
	f.check(err)
	return len(n.Lines)
}

func TestAFeedAtAnAddressIsFetchedAgainEveryWeek(t *testing.T) {
	t.Parallel()
	f := follow(t, network.Options{Kinds: []network.Kind{network.Bus}})
	first, before := f.network, f.lines()
	f.RefreshDue(t.Context()) // nothing is due
	f.week()
	f.publisher.publish(testkit.Feed(t, testkit.CityLines(30)...), `"two"`, 0)
	got := f.week()
	if f.network == first || f.lines() <= before || got.Failed || got.Network != f.network {
		t.Errorf("%d lines, before %d; %+v", f.lines(), before, got)
	}
	f.week()
	if asked := strings.Join(f.publisher.asked, " "); asked != ` "one" "one" "two"` {
		t.Errorf("asked with %s", asked)
	}
}

func TestTheOldNetworkStaysUntilTheNewFeedIsGood(t *testing.T) {
	t.Parallel()
	f := follow(t, network.Options{})
	first := f.network
	for what, c := range map[string]struct {
		feed    []byte
		status  int
		problem network.Problem
	}{
		"an error":              {nil, http.StatusNotFound, transit.Unreachable},
		"no zip":                {[]byte("<html>"), 0, network.NotAZip},
		"only some of its part": {testkit.Feed(t, testkit.CityLines(3)...), 0, transit.Shrunk},
	} {
		f.publisher.publish(c.feed, `"x"`, c.status)
		got := f.week()
		if !got.Failed || got.Failure == nil || got.Failure.Problem != c.problem || f.network != first {
			t.Errorf("%s: %+v %v", what, got, got.Failure)
		}
	}
	f.publisher.publish(testkit.Feed(t, testkit.CityLines(25)...), `"two"`, 0)
	f.Advance(25 * time.Hour) // a day after a failure
	f.RefreshDue(t.Context())
	if got, _, _ := f.Refreshed(t.Context(), "berlin"); got.Failed || f.network == first {
		t.Errorf("%+v", got)
	}
}

func TestANetworkThatAnAdminHasReplacedIsNotRefreshed(t *testing.T) {
	t.Parallel()
	f := follow(t, network.Options{})
	f.network = "another one"
	f.publisher.publish(testkit.Feed(t, testkit.CityLines(25)...), `"two"`, 0)
	if got := f.week(); got.Address != "" || f.network != "another one" {
		t.Errorf("%+v, in force: %s", got, f.network)
	}
}

func TestOnlyPublicAddressesAreFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, run := w.imports(filepath.Join(t.TempDir(), "feeds"))
	i.HTTP = outgoing.Client(false, "test")
	run()
	for _, address := range []string{"", "feed.zip", "ftp://example.org/feed.zip", "file:///etc/passwd", "https://user:secret@example.org/", "https://", "http://" + strings.Repeat("x", 500)} {
		if err := i.Fetch(t.Context(), "berlin", address, network.Options{}); err != transit.ErrAddress {
			t.Errorf("%q: %v", address, err)
		}
	}
	p := newPublisher(t)
	w.check(i.Fetch(t.Context(), "berlin", p.URL, network.Options{}))
	got := w.ended(i, "berlin")
	if got.Failure == nil || got.Failure.Want != "the address is not on the public internet" || len(p.asked) > 0 {
		t.Errorf("%+v %v", got, got.Failure)
	}
}
