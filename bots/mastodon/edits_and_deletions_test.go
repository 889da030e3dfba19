package mastodon

import (
	"context"
	"slices"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// relay receives a rider's mention of the account and sends its report.
func relay(t testing.TB, w *bottest.World, fake *mastodontest.Server, visibility string) (id string) {
	t.Helper()
	a := connect(t, w, fake, "zuerich", "zuerich")
	id = fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u8", visibility)
	r := own(fake, id)
	r.Private = !public(visibility)
	send(t, w, a, r)
	if n := len(fake.Timeline("zuerich")); n != 1 {
		t.Fatalf("%d posts", n)
	}
	return id
}

// withdrawn waits until the report of a mention is withdrawn.
func (in *inbox) withdrawn(t testing.TB, id string) {
	t.Helper()
	for {
		r := in.next(t)
		if r.Withdrawn == report.ByAuthor && r.ID == id {
			return
		}
		if r.Withdrawn != "" {
			t.Fatalf("%s is withdrawn, not %s", r.ID, id)
		}
	}
}

func TestAReportIsWithdrawnWhenItsMentionIsDeleted(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial, mastodontest.Akkoma} {
		for _, visibility := range []string{"public", "direct"} {
			w, fake := newDialect(t, d)
			id := relay(t, w, fake, visibility)
			in := receive(t, w, w.Account(t, "zuerich"), nil)
			fake.Delete(id)
			in.withdrawn(t, id)
		}
	}
}

func TestAMentionThatIsDeletedBeforeItIsSentIsWithdrawnFromTheOtherNetworks(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	r := own(fake, id)
	fake.Delete(id)
	if _, err := w.Bot.(*bot).Send(t.Context(), a, r); bots.AsError(err).Kind != bots.KindPermanent {
		t.Errorf("sent: %v", err)
	}
	receive(t, w, a, nil).withdrawn(t, id)
}

// streamSent receives by a stream, after the report of a mention was sent.
func streamSent(t testing.TB, visibility string) (fake *mastodontest.Server, in *inbox, id string) {
	t.Helper()
	w, fake := newWorld(t)
	id = relay(t, w, fake, visibility)
	return fake, receiveByStream(t, w, fake, w.Account(t, "zuerich")), id
}

func TestAStreamReportsADeletedMentionAtOnce(t *testing.T) {
	t.Parallel()
	fake, in, id := streamSent(t, "direct")
	fake.Delete(id)
	in.withdrawn(t, id)
}

func TestABoostIsUndoneWhenItsMentionIsEdited(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.GoToSocial, mastodontest.Akkoma, mastodontest.Pixelfed} {
		w, fake := newDialect(t, d)
		id := relay(t, w, fake, "public")
		receive(t, w, w.Account(t, "zuerich"), nil)
		fake.Edit(id, "@zuerich etwas ganz anderes")
		testkit.Eventually(t, "the boost is undone", func() bool { return len(fake.Boosts("zuerich")) == 0 })
	}
}

func TestMastodonReportsAnEditAtOnceAndItIsNotASecondReport(t *testing.T) {
	t.Parallel()
	fake, in, id := streamSent(t, "public")
	in.next(t)
	fake.Edit(id, "@zuerich etwas ganz anderes")
	testkit.Eventually(t, "the boost is undone", func() bool { return len(fake.Boosts("zuerich")) == 0 })
	fake.Mention("rider@elsewhere.example", "@zuerich kontrolle u9", "public")
	if r := in.next(t); r.Text != "kontrolle u9" {
		t.Errorf("the edit is a report: %q", r.Text)
	}
}

// editSent edits a mention on Akkoma whose report was sent, and lets the bot check it.
func editSent(t testing.TB, visibility, text string) *mastodontest.Server {
	t.Helper()
	w, fake := newDialect(t, mastodontest.Akkoma)
	fake.Edit(relay(t, w, fake, visibility), text)
	r := newReaderFor(t, w, w.Account(t, "zuerich"), accept)
	if err := r.checkMentions(t.Context()); err != nil {
		t.Fatal(err)
	}
	return fake
}

func TestAnEditThatDoesNotChangeTheTextKeepsTheBoost(t *testing.T) {
	t.Parallel()
	fake := editSent(t, "public", "@zuerich   kontrolle u8")
	if got := fake.Boosts("zuerich"); len(got) != 1 {
		t.Error("the boost was undone")
	}
}

func TestACopyStaysWhenItsMentionIsEdited(t *testing.T) {
	t.Parallel()
	fake := editSent(t, "direct", "@zuerich etwas ganz anderes")
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Text != "kontrolle u8" {
		t.Errorf("timeline %+v", got)
	}
}

func TestAMentionThatIsEditedBeforeItIsSentIsCopiedWithItsFirstText(t *testing.T) {
	t.Parallel()
	w, fake, a, id := newMentioned(t)
	fake.Edit(id, "@zuerich etwas ganz anderes")
	send(t, w, a, own(fake, id))
	if got := fake.Timeline("zuerich"); len(got) != 1 || got[0].Boosts != "" || got[0].Text != "kontrolle u8" {
		t.Errorf("timeline %+v", got)
	}
}

func TestAFreshMentionWithoutANotificationIsCheckedOnceAMinute(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	id := relay(t, w, fake, "public")
	mute(fake, "rider@elsewhere.example", true)
	w.Bot.(*bot).timing.mentionCheck = time.Minute
	r := newReaderFor(t, w, w.Account(t, "zuerich"), unexpected(t))
	checks := func() int {
		t.Helper()
		before := fake.Requests("GET /api/v1/statuses/" + id)
		for range 3 {
			if err := r.checkMentions(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return fake.Requests("GET /api/v1/statuses/"+id) - before
	}
	for range 3 {
		if n := checks(); n != 1 {
			t.Errorf("checked %d times within a minute", n)
		}
		w.Advance(time.Minute)
	}
	w.Advance(30 * time.Minute)
	if n := checks(); n != 0 {
		t.Errorf("no longer fresh, but checked %d times", n)
	}
}

func TestOneLookAtTheNotificationsFindsWhatHasChangedAmongManyMentions(t *testing.T) {
	t.Parallel()
	for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial} {
		w, fake, a := newConnectedTo(t, d)
		w.SetOption(t, "zuerich", "repost", "boost")
		var ids []string
		for range 100 {
			ids = append(ids, mention(fake))
			send(t, w, a, own(fake, ids[len(ids)-1]))
		}
		w.Bot.(*bot).timing.mentionCheck = time.Minute
		var withdrawn []string
		r := newReaderFor(t, w, a, func(_ context.Context, r report.Report) error {
			withdrawn = append(withdrawn, r.ID)
			return nil
		})
		fake.Edit(ids[3], "@zuerich etwas ganz anderes")
		fake.Delete(ids[97])
		fake.Delete(ids[7])
		before := fake.Requests("")
		if err := r.checkMentions(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(withdrawn, []string{ids[7], ids[97]}) {
			t.Errorf("%q: withdrawn are %q, not %q", d, withdrawn, []string{ids[7], ids[97]})
		}
		if boosts := fake.Boosts("zuerich"); len(boosts) != 97 || slices.Contains(boosts, ids[3]) {
			t.Errorf("%q: %d boosts", d, len(boosts))
		}
		if n := fake.Requests("") - before; n > 10 {
			t.Errorf("%q: %d calls", d, n)
		}
		fake.Delete(ids[3])
		w.Advance(time.Minute)
		if err := r.checkMentions(t.Context()); err != nil || len(withdrawn) != 3 {
			t.Errorf("%q: a mention that was edited before is deleted: withdrawn %q, %v", d, withdrawn, err)
		}
	}
}

func TestManyDeletedMentionsDoNotHoldUpTheReading(t *testing.T) {
	t.Parallel()
	w, fake, a := newConnectedTo(t, mastodontest.GoToSocial)
	for range 12 {
		id := mention(fake)
		send(t, w, a, own(fake, id))
		fake.Delete(id)
	}
	w.Bot.(*bot).timing.mentionCheck = time.Minute
	withdrawn := 0
	r := newReaderFor(t, w, a, func(context.Context, report.Report) error { withdrawn++; return nil })
	for _, want := range []int{5, 10, 12} {
		w.Advance(time.Minute)
		if err := r.checkMentions(t.Context()); err != nil || withdrawn != want {
			t.Errorf("%d are withdrawn, want %d: %v", withdrawn, want, err)
		}
	}
}

func TestABlockIsNoDeletion(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]func(*mastodontest.Account){
		"of the author":  func(a *mastodontest.Account) { a.Blocked = true },
		"by the author":  func(a *mastodontest.Account) { a.Blocks = true },
		"both, and mute": func(a *mastodontest.Account) { a.Blocked, a.Blocks, a.Muted = true, true, true },
	} {
		for _, d := range []mastodontest.Dialect{mastodontest.Mastodon, mastodontest.GoToSocial, mastodontest.Pixelfed} {
			w, fake := newDialect(t, d)
			relay(t, w, fake, "public")
			withdrawn := 0
			r := newReaderFor(t, w, w.Account(t, "zuerich"), func(_ context.Context, r report.Report) error {
				if r.Withdrawn != "" {
					withdrawn++
				}
				return nil
			})
			if err := r.catchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			fake.Change("rider@elsewhere.example", block)
			for range 2 {
				if err := r.checkMentions(t.Context()); err != nil || withdrawn != 0 {
					t.Fatalf("%s, %q: withdrawn %d times, %v", name, d, withdrawn, err)
				}
			}
		}
	}
}

func TestADeletionThatTheStreamAnnouncesIsNoBlock(t *testing.T) {
	t.Parallel()
	fake, in, id := streamSent(t, "public")
	in.next(t)
	fake.Change("rider@elsewhere.example", func(a *mastodontest.Account) { a.Blocked = true })
	fake.Delete(id)
	in.withdrawn(t, id)
}

func TestATokenThatCannotAskForBlocksWithdrawsAsBefore(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	id := relay(t, w, fake, "public")
	var withdrawn []string
	r := newReaderFor(t, w, w.Account(t, "zuerich"), func(_ context.Context, r report.Report) error {
		if r.Withdrawn != "" {
			withdrawn = append(withdrawn, r.ID)
		}
		return nil
	})
	if err := r.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	fake.Delete(id)
	fake.FailPath(mastodontest.OutOfScope, "/api/v1/accounts/relationships")
	if err := r.checkMentions(t.Context()); err != nil || !slices.Equal(withdrawn, []string{id}) {
		t.Errorf("withdrawn %q, %v", withdrawn, err)
	}
}

func TestAnErrorOfTheInstanceWithdrawsNothing(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	id := relay(t, w, fake, "direct")
	withdrawn := 0
	r := newReaderFor(t, w, w.Account(t, "zuerich"), func(context.Context, report.Report) error {
		withdrawn++
		return nil
	})
	fake.FailPath(bottest.Internal, "/api/v1/statuses/")
	fake.Delete(id)
	if err := r.checkMentions(t.Context()); err != nil || withdrawn != 0 {
		t.Errorf("withdrawn %d times, %v", withdrawn, err)
	}
	fake.Heal()
	for range 2 {
		if err := r.checkMentions(t.Context()); err != nil || withdrawn != 1 {
			t.Errorf("withdrawn %d times, %v", withdrawn, err)
		}
	}
}

func TestAnInstanceThatLostItsDataWithdrawsNothing(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	id := relay(t, w, fake, "direct")
	r := newReaderFor(t, w, w.Account(t, "zuerich"), unexpected(t))
	fake.Delete(id)
	fake.FailPath(bottest.Internal, "/api/v1/accounts/verify_credentials")
	if err := r.checkMentions(t.Context()); err != nil {
		t.Errorf("reading ends: %v", err)
	}
}

func TestAnInstanceThatShutsDownDoesNotWithdrawItsMentions(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	relay(t, w, fake, "public")
	a := w.Account(t, "zuerich")
	r := newReaderFor(t, w, a, unexpected(t))
	w.Advance(2 * time.Minute)
	another := own(fake, mention(fake))
	fake.Fail(mastodontest.Closed)
	if err := r.checkMentions(t.Context()); err != nil {
		t.Error(err)
	}
	_, err := w.Bot.(bots.Sender).Send(t.Context(), a, another)
	bottest.WantError(t, err, bots.KindRetry, "error-closed")
}
