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
	for end := now.Add(patientTime); now.Before(end); now = now.Add(p.remaining("door", now)) {
		if got := p.refused("door", now, 0, false); got < firstPause || got > firstPause*5/4 {
			t.Errorf("in the first seconds: %v", got)
		}
	}
	last := firstPause * 5 / 4
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

func TestAPauseThatWasKeptAndIsRefusedAgainGrows(t *testing.T) {
	t.Parallel()
	var p rateLimits
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, want := range []time.Duration{1, 2, 4, 8, 16} {
		if got := p.refused("door", now, time.Second, true); got != want*time.Second {
			t.Errorf("pause %v, want %v", got, want*time.Second)
		}
		if got := p.refused("door", now, time.Second, true); got != time.Second {
			t.Errorf("a call at the same time was not refused again, but waits %v", got)
		}
		now = now.Add(p.remaining("door", now))
	}
	for range 20 {
		now = now.Add(p.remaining("door", now))
		p.refused("door", now, time.Second, true)
	}
	if got := p.remaining("door", now); got != maxPause {
		t.Errorf("in the end %v", got)
	}
	p.accepted("door")
	if got := p.refused("door", now, time.Second, true); got != time.Second {
		t.Errorf("after a success: %v", got)
	}
}

func TestAnInstanceWhoseClockIsLateIsAskedAsRarelyAsOthers(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.GoToSocial, mastodontest.Pixelfed} {
		w, fake, a := newConnectedTo(t, d)
		fake.Now = func() time.Time { return w.Time().Add(-10 * time.Minute) }
		fake.Fail(bottest.TooMany)
		err := recvOnce(t, w, a)
		bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
		if after := bots.AsError(err).After; after < 6*time.Second || after > 8*time.Second {
			t.Errorf("%q: waits %v", d, after)
		}
	}
}

func TestAServerThatStartsIsAskedAgainSoonAndThenMoreRarely(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	fake.Fail(mastodontest.Starting)
	last := time.Duration(0)
	for i := range 8 {
		err := recvOnce(t, w, a)
		bottest.WantError(t, err, bots.KindRetryAfter, "error-server")
		after := bots.AsError(err).After
		if i == 0 && after > 8*time.Second || after <= last && after != 2*time.Minute || after > 2*time.Minute {
			t.Errorf("after %v comes %v", last, after)
		}
		last = after
		w.Advance(after)
	}
	if last != 2*time.Minute {
		t.Errorf("in the end %v", last)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "", "")
	f.Add("Sun, 01 Mar 2026 12:02:00 GMT", "2026-03-01T12:03:30.123456Z", "Sun, 01 Mar 2026 12:00:00 GMT")
	f.Add("", "1772366460", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Add("-1", "99999999999999999", "yesterday")
	f.Fuzz(func(t *testing.T, after, reset, date string) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}, "Date": {date}}
		got, hinted := retryAfter(h, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		if hinted && (got < time.Second || got > time.Hour) || !hinted && got != 0 {
			t.Errorf("%q %q: %v %v", after, reset, got, hinted)
		}
	})
}
