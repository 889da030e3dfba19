package mastodon

import (
	"net/http"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

func TestAPauseOfAServerThatLimitsAddressesAppliesToAllItsCities(t *testing.T) {
	t.Parallel()
	w, fake := newDialect(t, mastodontest.GoToSocial)
	zuerich := connect(t, w, fake, "zuerich", "zuerich")
	ghent := connect(t, w, fake, "ghent", "ghent")
	fake.Fail(bottest.TooMany)
	bottest.WantError(t, recvOnce(t, w, zuerich), bots.KindRetryAfter, "error-too-many")
	before := fake.Requests("")
	bottest.WantError(t, recvOnce(t, w, ghent), bots.KindRetryAfter, "error-too-many")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), ghent, other("1", "x"))
	bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
	if n := fake.Requests("") - before; n != 0 {
		t.Errorf("the server was asked %d times during its pause", n)
	}
	fake.Heal()
	w.Advance(2 * time.Minute)
	send(t, w, ghent, other("1", "kontrolle u8"))
}

func TestReadersBehindOneAddressShareItsRateLimit(t *testing.T) {
	t.Parallel()
	for d, shared := range map[mastodontest.Dialect]bool{mastodontest.Mastodon: false, mastodontest.GoToSocial: true} {
		w, fake := newDialect(t, d)
		one := newReaderFor(t, w, connect(t, w, fake, "zuerich", "zuerich"), nil)
		two := newReaderFor(t, w, connect(t, w, fake, "ghent", "ghent"), nil)
		if (one.limit == two.limit) != shared {
			t.Errorf("%q: shared is %v", d, !shared)
		}
	}
}

func TestPausesGrowWhileAServerDoesNotSayHowLong(t *testing.T) {
	t.Parallel()
	var p rateLimits
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	last := time.Duration(0)
	for range 5 {
		got := p.refused("door", now, 0, false)
		if got <= last || p.remaining("door", now) != got {
			t.Errorf("after %v comes %v", last, got)
		}
		last = got
	}
	for range 20 {
		last = p.refused("door", now, 0, false)
	}
	if last < maxPause || last > maxPause*5/4 {
		t.Errorf("in the end %v", last)
	}
	if got := p.refused("door", now, 7*time.Second, true); got != 7*time.Second {
		t.Errorf("the server says 7 seconds, the pause is %v", got)
	}
	p.accepted("door")
	if got := p.refused("door", now, 0, false); got < firstPause || got > firstPause*5/4 {
		t.Errorf("after a success: %v", got)
	}
}

func TestABusyServerThatSaysWhenToComeBackIsBelieved(t *testing.T) {
	t.Parallel()
	client := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30") // docs/api/throttling.md of GoToSocial
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := client.GetStatus(t.Context(), "1")
	err = client.explain(t.Context(), "read status", err)
	bottest.WantError(t, err, bots.KindRetryAfter, "error-server")
	if after := bots.AsError(err).After; after != 30*time.Second {
		t.Errorf("waits %v", after)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "")
	f.Add("Sun, 01 Mar 2026 12:02:00 GMT", "2026-03-01T12:03:30.123456Z")
	f.Add("", "1772366460")
	f.Add("-1", "99999999999999999")
	f.Fuzz(func(t *testing.T, after, reset string) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}}
		got, hinted := retryAfter(h, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		if hinted && (got < time.Second || got > time.Hour) || !hinted && got != 0 {
			t.Errorf("%q %q: %v %v", after, reset, got, hinted)
		}
	})
}
