package mastodon

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/kit"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/internal/testkit/table"
	"linienfunk/report"
)

// other is a report from another network.
func other(id, text string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text}
}

// own is the report of a mention, as the core passes it to Send.
func own(fake *mastodontest.Server, id string) report.Report {
	return report.Report{City: "zuerich", Bot: "mastodon", ID: id, Ref: remoteID(fake.URL, masto.ID(id)), Text: "kontrolle u8"}
}

func send(t testing.TB, w *bottest.World, a bots.Account, r report.Report) report.Receipt {
	t.Helper()
	receipt, err := w.Bot.(bots.Sender).Send(t.Context(), a, r)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// wantPosts checks how many posts and boosts zuerich has.
func wantPosts(t testing.TB, fake *mastodontest.Server, want int) {
	t.Helper()
	if got := fake.Timeline("zuerich"); len(got) != want {
		t.Errorf("%d posts, want %d: %+v", len(got), want, got)
	}
}

func TestAPublicMentionIsBoostedOnce(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	receipt := send(t, w, a, own(fake, id))
	if again := send(t, w, a, own(fake, id)); again != receipt {
		t.Errorf("receipts %v and %v", receipt, again)
	}
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Boosts != id {
		t.Fatalf("timeline %+v", got)
	}
	if receipt.URL != "" {
		t.Errorf("the ledger would name the author: %s", receipt.URL)
	}
	if err := w.Bot.(bots.Retracter).Retract(t.Context(), a, "", receipt); err != nil || len(fake.Boosts("zuerich")) != 0 {
		t.Errorf("not undone: %v", err)
	}
}

func TestABoostIsUndoneOnEachSoftware(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial, mastodontest.Akkoma, mastodontest.Pixelfed} {
		w, fake, a := newConnectedTo(t, d)
		receipt := send(t, w, a, own(fake, mention(fake)))
		if len(fake.Boosts("zuerich")) != 1 {
			t.Fatalf("%s: not boosted", d)
		}
		for range 2 { // a repetition changes nothing
			if err := w.Bot.(bots.Retracter).Retract(t.Context(), a, "", receipt); err != nil || len(fake.Boosts("zuerich")) != 0 {
				t.Errorf("%s: not undone: %v", d, err)
			}
		}
	}
}

func TestABoostCanBeUndoneByTheIDOfTheOriginal(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	send(t, w, a, own(fake, id))
	if err := w.Bot.(bots.Retracter).Retract(t.Context(), a, "", report.Receipt{ID: remoteID(fake.URL, masto.ID(id))}); err != nil || len(fake.Boosts("zuerich")) != 0 {
		t.Errorf("not undone: %v", err)
	}
}

func TestACityCanChooseCopiesInsteadOfBoosts(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	w.SetOption(t, "zuerich", "repost", "copy")
	id := mention(fake)
	send(t, w, a, own(fake, id))
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Boosts != "" || got[0].Text != "kontrolle u8" || got[0].Visibility != "public" {
		t.Errorf("timeline %+v", got)
	}
}

func TestAPrivateMentionBecomesACopyWithoutItsAuthorThatNotifiesNobody(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	fake.AddAccount("bystander")
	in := receive(t, w, a, nil)
	fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u8, @bystander war dabei", "direct")
	r := in.next(t)
	if !r.Private || r.URL != "" || r.Author == "" {
		t.Fatalf("received %+v", r)
	}
	r.City, r.Bot = "zuerich", "mastodon"
	before := fake.Mentioned("bystander")
	send(t, w, a, r)
	got := fake.Timeline("zuerich")
	if len(got) != 1 || got[0].Visibility != "public" || got[0].Boosts != "" {
		t.Fatalf("timeline %+v", got)
	}
	if strings.Contains(got[0].Text, "rider") || fake.Mentioned("bystander") != before {
		t.Errorf("the copy names or notifies an account: %q", got[0].Text)
	}
}

func TestADeletedMentionIsNotSent(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	fake.Delete(id)
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, own(fake, id))
	bottest.WantError(t, err, bots.KindPermanent, "error-deleted")
	wantPosts(t, fake, 0)
}

func TestAMentionThatCannotBeBoostedIsCopied(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	fake.FailPath(bottest.Refuse, "/api/v1/statuses/"+id+"/reblog")
	send(t, w, a, own(fake, id))
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Text != "kontrolle u8" {
		t.Errorf("timeline %+v", got)
	}
}

func TestAMentionWhoseBoostsItsAuthorHasToApproveIsCopied(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who   []string
		boost bool
	}{
		"everybody":      {nil, true},
		"the account":    {[]string{"followers", "me"}, true},
		"followers only": {[]string{"followers", "mentioned"}, false},
		"nobody":         {[]string{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
			w.SetOption(t, "zuerich", "repost", "boost")
			id := fake.Write(mastodontest.Status{Acct: "rider@elsewhere.example", Text: "@zuerich kontrolle u8", Visibility: "public", BoostableBy: c.who})
			send(t, w, a, own(fake, id))
			got := fake.Timeline("zuerich")
			if len(got) != 1 || got[0].Pending || (got[0].Boosts == id) != c.boost {
				t.Errorf("timeline %+v", got)
			}
		})
	}
}

func TestAPolicyOfAnOlderServerIsRead(t *testing.T) {
	t.Parallel()
	boostable := func(policy string) bool {
		var o original
		if err := json.Unmarshal([]byte(`{"id":"1","interaction_policy":`+policy+`}`), &o); err != nil {
			t.Fatal(err)
		}
		return o.boostable()
	}
	table.Check(t, boostable, map[string]bool{
		`null`:                                 true,
		`{}`:                                   true,
		`{"can_reblog":{}}`:                    true,
		`{"can_reblog":{"always":["public"]}}`: true,
		`{"can_reblog":{"always":[],"with_approval":["public"]}}`:      false,
		`{"can_reblog":{"automatic_approval":[],"always":["public"]}}`: false,
	})
}

func TestAServerThatRefusesASecondBoostHasTheFirst(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	send(t, w, a, own(fake, id))
	fake.FailPath(bottest.Refuse, "/api/v1/statuses/"+id+"/reblog")
	if receipt := send(t, w, a, own(fake, id)); receipt.ID == "" {
		t.Error("no receipt")
	}
	wantPosts(t, fake, 1)
}

func TestAPostWhoseResponseWasLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnected(t)
	w.Bot.(*bot).timing.call = 200e6
	fake.FailPath(bottest.Swallow, "/api/v1/statuses")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "kontrolle u8"))
	bottest.WantError(t, err, bots.KindRetry, "error-unreachable")
	fake.Heal()
	send(t, w, a, other("1", "kontrolle u8"))
	send(t, w, a, other("2", "kontrolle u8"))
	wantPosts(t, fake, 2)
}

func TestA403MeansRevokedOnlyIfTheTokenIsDead(t *testing.T) {
	t.Parallel()
	w, fake, _ := newConnected(t)
	b := w.Bot.(*bot)
	_, c, err := b.account(t.Context(), "zuerich")
	if err != nil {
		t.Fatal(err)
	}
	forbidden := &masto.APIError{StatusCode: http.StatusForbidden, Message: "the text: kontrolle"}
	refused := c.explain(t.Context(), "post status", forbidden)
	bottest.WantError(t, refused, bots.KindPermanent, "error-refused")
	if strings.Contains(refused.Error(), "kontrolle") {
		t.Errorf("the error repeats the instance: %v", refused)
	}
	fake.RevokeTokens("zuerich")
	bottest.WantError(t, c.explain(t.Context(), "post status", forbidden), bots.KindRevoked, "error-revoked")
}

func TestWithoutAnAccountNothingIsSent(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	_, err := w.Bot.(bots.Sender).Send(t.Context(), bots.Account{City: "zuerich"}, other("1", "x"))
	bottest.WantError(t, err, bots.KindPermanent, "error-no-account")
	if !errors.Is(err, kit.ErrNoAccount) {
		t.Error(err)
	}
}

func TestAfterAMoveToAnotherInstanceAMentionOnTheOldOneIsCopiedAndItsPostsAreNotTouched(t *testing.T) {
	t.Parallel()
	w, old := newWorld(t)
	a := connect(t, w, old, "zuerich", "zuerich")
	id := old.Mention("rider@elsewhere.example", "@zuerich kontrolle u8", "public")
	receipt := send(t, w, a, other("1", "kontrolle u9"))
	fresh := mastodontest.New(t)
	a = connect(t, w, fresh, "zuerich", "zuerich")
	send(t, w, a, own(old, id))
	if got := fresh.Timeline("zuerich"); len(got) != 1 || got[0].Text != "kontrolle u8" {
		t.Errorf("on the new instance: %+v", got)
	}
	bottest.WantError(t, w.Bot.(bots.Retracter).Retract(t.Context(), a, "", receipt), bots.KindPermanent, "error-other-instance")
}

// swallowed sends a report that the instance accepts without responding, and ends the fault.
func swallowed(t testing.TB, w *bottest.World, fake *mastodontest.Server, a bots.Account, id, text string) {
	t.Helper()
	before := len(fake.Timeline("zuerich"))
	patience := w.Bot.(*bot).timing.call
	w.Bot.(*bot).timing.call = 200 * time.Millisecond
	fake.FailPath(bottest.Swallow, "/api/v1/statuses")
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, other(id, text))
	bottest.WantError(t, err, bots.KindRetry, "error-unreachable")
	testkit.Eventually(t, "post", func() bool { return len(fake.Timeline("zuerich")) == before+1 })
	fake.Heal()
	w.Bot.(*bot).timing.call = patience
}

func TestAPostWhoseResponseWasLostIsFoundOnServersWithoutIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	w.SetOption(t, "zuerich", "hashtag", "ZüriFunk")
	text := "kontrolle u8, @bob: https://example.org/?a=1&b=2\nzwei männer"
	swallowed(t, w, fake, a, "1", text)
	w.Restart(t)
	receipt := send(t, w, a, other("1", text))
	got := fake.Timeline("zuerich")
	if len(got) != 1 || receipt.ID != remoteID(fake.URL, "")+got[0].ID {
		t.Errorf("receipt %v, timeline %+v", receipt, got)
	}
}

func TestAnotherReportWithTheSameTextIsNotMistakenForTheLostOne(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	send(t, w, a, other("1", "kontrolle u8"))
	fake.FailPath(bottest.Internal, "/api/v1/statuses")
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("2", "kontrolle u8")); err == nil {
		t.Fatal("no error")
	}
	fake.Heal()
	send(t, w, a, other("2", "kontrolle u8"))
	wantPosts(t, fake, 2)
}

func TestAPostWhoseResponseWasLostIsFoundAfterTheServerForgotItsKey(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.Mastodon)
	swallowed(t, w, fake, a, "1", "kontrolle u8")
	w.Advance(2 * time.Hour)
	send(t, w, a, other("1", "kontrolle u8"))
	wantPosts(t, fake, 1)
}

func TestSentPostsAreForgottenAfterTwoDays(t *testing.T) {
	t.Parallel()
	w, _, a := newConnectedTo(t, mastodontest.Mastodon)
	send(t, w, a, other("1", "kontrolle u8"))
	w.Advance(49 * time.Hour)
	send(t, w, a, other("2", "kontrolle u9"))
	if err := w.Bot.(bots.Pruner).Prune(t.Context(), "zuerich", time.Now()); err != nil {
		t.Fatal(err)
	}
	var rows []Post
	if err := w.Core.DB.Find(&rows).Error; err != nil || len(rows) != 1 {
		t.Errorf("%d rows are kept: %v", len(rows), err)
	}
}

func TestAReportThatTheOldInstanceDidNotAcceptIsSentOnTheNewOne(t *testing.T) {
	t.Parallel()
	w, old := newWorld(t)
	a := connect(t, w, old, "zuerich", "zuerich")
	old.FailPath(bottest.Internal, "/api/v1/statuses")
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, other("1", "kontrolle u8")); err == nil {
		t.Fatal("no error")
	}
	fresh := mastodontest.New(t)
	a = connect(t, w, fresh, "zuerich", "zuerich")
	receipt := send(t, w, a, other("1", "kontrolle u8"))
	if _, here := localID(fresh.URL, receipt.ID); !here || len(fresh.Timeline("zuerich")) != 1 {
		t.Errorf("receipt %v", receipt)
	}
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
