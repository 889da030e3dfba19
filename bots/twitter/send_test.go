package twitter

import (
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
	"linienfunk/report"
)

func other(w *bottest.World, id, text string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text, At: w.Core.Now()}
}

// own returns the report as received from this network.
func own(r report.Report) report.Report {
	r.City, r.Bot = "zuerich", "twitter"
	return r
}

func send(t testing.TB, w *bottest.World, r report.Report) (report.Receipt, error) {
	t.Helper()
	return w.Bot.(bots.Sender).Send(t.Context(), w.Account(t, "zuerich"), r)
}

func mustSend(t testing.TB, w *bottest.World, r report.Report) report.Receipt {
	t.Helper()
	receipt, err := send(t, w, r)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// read polls once and returns the reports.
func read(t testing.TB, w *bottest.World) []report.Report {
	t.Helper()
	k := newTestReader(t, w)
	k.poll(t)
	return k.got
}

// newMention writes a mention of zuerich, and returns its report and the id of the post.
func newMention(t testing.TB, w *bottest.World, fake *twittertest.Server) (r report.Report, id string) {
	t.Helper()
	id = fake.Write("marta", "@zuerich kontrolle u8")
	return own(read(t, w)[0]), id
}

func TestAPublicMentionIsRetweetedOrCopiedAsTheCityChooses(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		r, id := newMention(t, w, fake)
		receipt := mustSend(t, w, r)
		shown := fake.Timeline("zuerich")
		if len(shown) != 1 || shown[0].Original == nil || shown[0].Original.ID != id || receipt.URL != "" {
			t.Fatalf("shown %+v, receipt %+v", shown, receipt)
		}
		w.SetOption(t, "zuerich", "repost", "copy")
		r.ID = "another"
		receipt = mustSend(t, w, r)
		shown = fake.Timeline("zuerich")
		if len(shown) != 2 || shown[1].Text != "kontrolle u8" || receipt.URL != "https://x.com/zuerich/status/"+shown[1].ID {
			t.Errorf("shown %+v, receipt %+v", shown, receipt)
		}
	})
}

func TestPrivateReportsAreNeverRetweeted(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		fake.Protect("leise")
		fake.Write("leise", "@zuerich geschützt")
		fake.Tell("marta", "zuerich", "nachricht")
		for _, r := range read(t, w) {
			r.Ref = "1" + strings.Repeat("0", 17) // an id that must not be retweeted
			mustSend(t, w, own(r))
		}
		shown := fake.Timeline("zuerich")
		if len(shown) != 2 || shown[0].Original != nil || shown[1].Original != nil || shown[0].Text != "geschützt" || shown[1].Text != "nachricht" {
			t.Errorf("shown %+v", shown)
		}
	})
}

func TestAPostThatHasBecomeProtectedIsCopied(t *testing.T) {
	t.Parallel()
	w, fake := newConnected(t)
	r, _ := newMention(t, w, fake)
	fake.Protect("marta")
	mustSend(t, w, r)
	if shown := fake.Timeline("zuerich"); len(shown) != 1 || shown[0].Original != nil {
		t.Errorf("shown %+v", shown)
	}
	fake.Forgive() // X refused the retweet, which could not be foreseen
}

func TestAPostThatIsGoneIsNotRetweeted(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		r, id := newMention(t, w, fake)
		fake.Delete(id)
		_, err := send(t, w, r)
		bottest.WantError(t, err, bots.KindPermanent, "error-deleted")
		if shown := fake.Timeline("zuerich"); len(shown) != 0 {
			t.Errorf("shown %+v", shown)
		}
	})
}

func TestADuplicateCountsAsSent(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		mustSend(t, w, other(w, "1", "kontrolle u8"))
		receipt := mustSend(t, w, other(w, "2", "kontrolle u8"))
		if receipt.ID != "" || len(fake.Timeline("zuerich")) != 1 {
			t.Errorf("receipt %+v", receipt)
		}
		bottest.WantError(t, w.Bot.(bots.Retracter).Retract(t.Context(), w.Account(t, "zuerich"), "", receipt), bots.KindPermanent, "error-no-id")

		fake.Write("marta", "@zuerich kontrolle u6")
		r := own(read(t, w)[0])
		first := mustSend(t, w, r)
		r.ID = "as if it came a second time"
		if again := mustSend(t, w, r); again != first || len(fake.Timeline("zuerich")) != 2 {
			t.Errorf("first %+v, then %+v", first, again)
		}
	})
}

func TestASentReportNeedsNoFurtherCall(t *testing.T) {
	t.Parallel()
	w, fake := newConnected(t)
	r := other(w, "1", "kontrolle u8")
	first := mustSend(t, w, r)
	w.Restart(t)
	if again := mustSend(t, w, r); again != first || fake.Requests("POST /2/tweets") != 1 {
		t.Errorf("first %+v, then %+v", first, again)
	}
	w.Advance(postRetention + time.Minute)
	mustSend(t, w, other(w, "2", "kontrolle u6"))
	var kept int64
	if err := w.Bot.(*bot).store.db.Model(&Post{}).Count(&kept).Error; err != nil || kept != 1 {
		t.Errorf("%d posts are remembered, %v", kept, err)
	}
}

func TestLinksAreLeftOutUnlessTheCityPays(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		before := fake.Charged("zuerich")
		mustSend(t, w, other(w, "1", "kontrolle https://example.com/karte u8"))
		if shown := fake.Timeline("zuerich"); shown[0].Text != "kontrolle u8" || fake.Charged("zuerich")-before != 15_000 {
			t.Errorf("shown %q for %v", shown[0].Text, amount(fake.Charged("zuerich")-before))
		}
		_, err := send(t, w, other(w, "2", "https://example.com/karte"))
		bottest.WantError(t, err, bots.KindPermanent, "error-only-link")
		w.SetOption(t, "zuerich", "links", true)
		before = fake.Charged("zuerich")
		mustSend(t, w, other(w, "3", "kontrolle https://example.com/karte u8"))
		if shown := fake.Timeline("zuerich"); shown[1].Text != "kontrolle https://example.com/karte u8" || fake.Charged("zuerich")-before != 200_000 {
			t.Errorf("shown %q for %v", shown[1].Text, amount(fake.Charged("zuerich")-before))
		}
	})
}

func TestACopyMentionsNobody(t *testing.T) {
	t.Parallel()
	w, fake := newConnected(t)
	connect(t, w, fake, "ghent", "ghent")
	mustSend(t, w, other(w, "1", "kontrolle sagt @ghent"))
	w.Advance(time.Second)
	b := w.Bot.(*bot)
	_, d, _ := b.account(t.Context(), "ghent")
	if found, err := d.mentions(t.Context(), "", "", 20); err != nil || len(found.posts) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestAccessThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		mention, _ := newMention(t, w, fake)
		receipt := mustSend(t, w, other(w, "1", "kontrolle u6"))
		fake.Deny("post", true)
		fake.Deny("delete", true)
		_, err := send(t, w, other(w, "2", "kontrolle u5"))
		bottest.WantError(t, err, bots.KindPermanent, "error-access-post")
		_, err = send(t, w, mention)
		bottest.WantError(t, err, bots.KindPermanent, "error-access-post")
		bottest.WantError(t, w.Bot.(bots.Retracter).Retract(t.Context(), w.Account(t, "zuerich"), "", receipt), bots.KindPermanent, "error-access-delete")
	})
}

func TestASuspendedAccountIsStopped(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		mention, _ := newMention(t, w, fake)
		fake.Fail(twittertest.Suspended)
		for _, r := range []report.Report{other(w, "1", "kontrolle u8"), mention} {
			_, err := send(t, w, r)
			bottest.WantError(t, err, bots.KindRevoked, "error-suspended")
		}
		bottest.WantError(t, newTestReader(t, w).mentions(t.Context()), bots.KindRevoked, "error-suspended")
	})
}

func TestARetweetIsUndoneToo(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		r, _ := newMention(t, w, fake)
		receipt := mustSend(t, w, r)
		for range 2 {
			if err := w.Bot.(bots.Retracter).Retract(t.Context(), w.Account(t, "zuerich"), "", receipt); err != nil {
				t.Fatal(err)
			}
		}
		if shown := fake.Timeline("zuerich"); len(shown) != 0 {
			t.Errorf("shown %+v", shown)
		}
	})
}

func TestWithoutAnAccountNothingIsSent(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t, "2")
	a := connect(t, w, fake, "zuerich", "zuerich")
	w.Submit(t, "zuerich", "/disconnect", nil)
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other(w, "1", "kontrolle u8"))
	bottest.WantError(t, err, bots.KindPermanent, "error-no-account")
	bottest.WantError(t, w.Bot.(bots.Retracter).Retract(t.Context(), a, "", report.Receipt{ID: postPrefix + "1"}), bots.KindPermanent, "error-no-account")
}
