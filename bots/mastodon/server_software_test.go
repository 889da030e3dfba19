package mastodon

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// newDialect is newWorld with an instance of some software, whose clock is the world's.
func newDialect(t testing.TB, d mastodontest.Dialect) (*bottest.World, *mastodontest.Server) {
	t.Helper()
	w, fake := newWorld(t)
	fake.Dialect, fake.Now = d, w.Time
	return w, fake
}

// newConnectedTo is newDialect with an account of zuerich.
func newConnectedTo(t testing.TB, d mastodontest.Dialect) (*bottest.World, *mastodontest.Server, bots.Account) {
	t.Helper()
	w, fake := newDialect(t, d)
	return w, fake, connect(t, w, fake, "zuerich", "zuerich")
}

func TestServerSoftwareIsRecognised(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said instance
		want software
	}{
		"Mastodon":                           {instance{Version: "4.3.1", SourceURL: "https://github.com/mastodon/mastodon"}, mastodon},
		"a fork of Mastodon":                 {instance{Version: "4.4.0+glitch"}, mastodon},
		"something else":                     {instance{Version: "3.0.0 (compatible; Iceshrimp 2023.12.7)"}, mastodon},
		"nobody":                             {instance{}, mastodon},
		"Pleroma":                            {instance{Version: "2.7.2 (compatible; Pleroma 2.6.52)"}, pleroma},
		"Akkoma":                             {instance{Version: "2.7.2 (compatible; Akkoma 3.13.2)"}, pleroma},
		"Pixelfed":                           {instance{Version: "3.5.3 (compatible; Pixelfed 0.12.4)"}, pixelfed},
		"GoToSocial":                         {instance{Version: "0.17.3 git-1a2b3c4"}, goToSocial},
		"GoToSocial with Mastodon's version": {instance{Version: "4.2.1+gotosocial-0.17.3"}, goToSocial},
		"GoToSocial by its field":            {instance{Version: "4.2.1", AccountDomain: "a.example"}, goToSocial},
	} {
		if got := softwareOf(c.said); got != c.want {
			t.Errorf("%s is recognised as %s", name, got)
		}
	}
}

// others are the dialects beside Mastodon's.
var others = []mastodontest.Dialect{mastodontest.GoToSocial, mastodontest.Akkoma, mastodontest.Pixelfed, mastodontest.Ancient}

func TestMissedMentionsArriveInOrderWhateverPagesTheServerReturns(t *testing.T) {
	t.Parallel()
	for _, d := range others {
		t.Run(string(d), func(t *testing.T) {
			w, fake := newDialect(t, d)
			fake.PageSize = 3
			a := connect(t, w, fake, "zuerich", "zuerich")
			for i := range 10 {
				fake.Mention("rider@elsewhere.example", fmt.Sprintf("@zuerich linie %d", i), "public")
			}
			in := receive(t, w, a, nil)
			for i := range 10 {
				if r := in.next(t); r.Text != fmt.Sprintf("linie %d", i) {
					t.Fatalf("report %d is %q", i, r.Text)
				}
			}
			fake.Mention("rider@elsewhere.example", "@zuerich neu", "public")
			if r := in.next(t); r.Text != "neu" {
				t.Errorf("again: %q", r.Text)
			}
		})
	}
}

func TestAServerThatHasNoStreamIsNotAskedForOne(t *testing.T) {
	t.Parallel()
	for _, d := range others[:3] {
		w, fake, a := newConnectedTo(t, d)
		in := receive(t, w, a, nil)
		mention(fake)
		in.next(t)
		if n := fake.Requests("GET /api/v1/streaming"); n != 0 {
			t.Errorf("%s: asked %d times", d, n)
		}
	}
}

func TestCopiesAndBoostsWorkOnServersThatTakeText(t *testing.T) {
	t.Parallel()
	for _, d := range others[:2] {
		w, fake, a := newConnectedTo(t, d)
		id := mention(fake)
		first := send(t, w, a, own(fake, id))
		w.Restart(t)
		if again := send(t, w, a, own(fake, id)); again != first {
			t.Errorf("%s: receipts %v and %v", d, first, again)
		}
		send(t, w, a, other("1", "kontrolle *u9*"))
		got := fake.Timeline("zuerich")
		if len(got) != 2 || got[0].Boosts != id || got[1].Text != "kontrolle *u9*" {
			t.Errorf("%s: timeline %+v", d, got)
		}
		if err := w.Bot.(bots.Retracter).Retract(t.Context(), a, "", first); err != nil || len(fake.Boosts("zuerich")) != 0 {
			t.Errorf("%s: not undone: %v", d, err)
		}
	}
}

func TestPixelfedBoostsAndSaysThatItAcceptsNoText(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.Pixelfed)
	id := mention(fake)
	receipt := send(t, w, a, own(fake, id))
	if got := fake.Boosts("zuerich"); len(got) != 1 || got[0] != id || receipt.URL != "" {
		t.Errorf("boosts %v, receipt %v", got, receipt)
	}
	if err := w.Bot.(bots.Retracter).Retract(t.Context(), a, "", receipt); err != nil || len(fake.Boosts("zuerich")) != 0 {
		t.Errorf("not undone: %v", err)
	}
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "kontrolle u8"))
	bottest.WantError(t, err, bots.KindPermanent, "error-needs-image")
}

func TestABoostWhoseResponseWasLostIsNotRepeatedOnGoToSocial(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	id := mention(fake)
	w.Bot.(*bot).timing.call = 200 * time.Millisecond
	fake.FailPath(bottest.Swallow, "/api/v1/statuses")
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, own(fake, id)); err == nil {
		t.Fatal("no error")
	}
	testkit.Eventually(t, "boost", func() bool { return len(fake.Boosts("zuerich")) == 1 })
	fake.Heal()
	w.Restart(t)
	send(t, w, a, own(fake, id))
	if got := fake.Boosts("zuerich"); len(got) != 1 {
		t.Errorf("%d boosts", len(got))
	}
}

func TestAPauseOfAServerThatLimitsAddressesAppliesToAllItsCities(t *testing.T) {
	t.Parallel()
	w, fake := newDialect(t, mastodontest.GoToSocial)
	zuerich := connect(t, w, fake, "zuerich", "zuerich")
	ghent := connect(t, w, fake, "ghent", "ghent")
	fake.Fail(bottest.TooMany)
	none := func(context.Context, report.Report) error { return nil }
	err := w.Bot.(bots.Receiver).Recv(t.Context(), zuerich, none)
	bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
	before := fake.Requests("")
	err = w.Bot.(bots.Receiver).Recv(t.Context(), ghent, none)
	bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
	_, err = w.Bot.(bots.Sender).Send(t.Context(), ghent, other("1", "x"))
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

func TestAfterARefusalThatTheServerStoresWithItsKeyAnotherKeyIsUsed(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.Akkoma)
	fake.FailPath(bottest.TooMany, "/api/v1/statuses")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "kontrolle u8"))
	bottest.WantError(t, err, bots.KindRetryAfter, "error-too-many")
	fake.Heal()
	w.Restart(t)
	send(t, w, a, other("1", "kontrolle u8"))
	wantPosts(t, fake, 1)
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
