package mastodon

import (
	"fmt"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
)

// others are the dialects beside Mastodon's.
var others = []mastodontest.Dialect{mastodontest.GoToSocial, mastodontest.Akkoma, mastodontest.Pixelfed, mastodontest.Ancient}

func TestServerSoftwareIsRecognised(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said instance
		want software
	}{
		"Mastodon":                           {instance{Version: "4.3.1", SourceURL: "https://github.com/mastodon/mastodon"}, mastodon},
		"a fork of Mastodon":                 {instance{Version: "4.4.0+glitch"}, mastodon},
		"something else":                     {instance{Version: "3.0.0 (compatible; Iceshrimp 2023.12.7)"}, mastodon},
		"no information":                     {instance{}, mastodon},
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

func TestTheLinkToTheProfileLeadsToAPageThatTheServerHas(t *testing.T) {
	t.Parallel()
	for d, want := range map[mastodontest.Dialect]string{
		mastodontest.Mastodon: "/settings/profile", mastodontest.GoToSocial: "/settings", mastodontest.Akkoma: "", mastodontest.Pixelfed: "",
	} {
		w, fake, _ := newConnectedTo(t, d)
		page := w.Settings(t, "zuerich", "en")
		if got := strings.Contains(page, `href="`+fake.URL+`/settings`); got != (want != "") || want != "" && !strings.Contains(page, `"`+fake.URL+want+`"`) {
			t.Errorf("%q: %s", d, page)
		}
	}
}
