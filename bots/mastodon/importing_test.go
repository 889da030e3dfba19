package mastodon

import (
	"context"
	"slices"
	"testing"
	"time"

	"linienfunk/ancestors/ancestorstest"
	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/report"
)

// importAccount imports an account of zuerich that has seen mentions.
func importAccount(t *testing.T, w *bottest.World, fake *mastodontest.Server, seen ...string) bots.Account {
	t.Helper()
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Zürich", "ada@example.org", ancestorstest.Scrypt)
	var uris []string
	for _, id := range seen {
		uris = append(uris, fake.URL+"/@rider/statuses/"+id)
	}
	old.TicketfreiMastodon(1, fake.URL, fake.AddAccount("zuerich"), uris...)
	w.Import(t, "zuerich", old.City(1))
	return w.Account(t, "zuerich")
}

// receives runs Recv until n reports have come, and returns their texts and the error that ended it.
func receives(t *testing.T, w *bottest.World, a bots.Account, n int) (texts []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = w.Bot.(bots.Receiver).Recv(ctx, a, func(_ context.Context, r report.Report) error {
		if texts = append(texts, r.Text); len(texts) == n {
			cancel()
		}
		return nil
	})
	return texts, err
}

func TestAnImportedAccountReadsOnBehindTheNewestMentionThatWasReported(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.AddAccount("zuerich")
	var ids []string
	for _, text := range []string{"eins", "zwei", "drei", "vier"} {
		ids = append(ids, fake.Mention("rider", "@zuerich "+text, "public"))
	}
	a := importAccount(t, w, fake, ids[2], ids[0])
	texts, _ := receives(t, w, a, 1)
	if !slices.Equal(texts, []string{"vier"}) {
		t.Errorf("received %q", texts)
	}
	if renewed := w.Account(t, "zuerich"); renewed.Revision == a.Revision || renewed.Label != "@zuerich@"+mastodontest.Domain {
		t.Errorf("account %+v", renewed)
	}
	if city := <-w.Changes; city != "zuerich" {
		t.Errorf("changed %q", city)
	}
}

func TestAnImportedAccountOfWhichNoMentionIsKnownReadsNoOldOnes(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	fake.AddAccount("zuerich")
	fake.Mention("rider", "@zuerich alt", "public")
	a := importAccount(t, w, fake)
	go func() {
		<-w.Changes // it has its position now
		fake.Mention("rider", "@zuerich neu", "public")
	}()
	if texts, _ := receives(t, w, a, 1); !slices.Equal(texts, []string{"neu"}) {
		t.Errorf("received %q", texts)
	}
}

func TestAnImportedAccountThatAnotherCityHasConnectedIsRevoked(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	connect(t, w, fake, "ghent", "zuerich")
	a := importAccount(t, w, fake)
	_, err := receives(t, w, a, 1)
	if e := bots.AsError(err); e.Kind != bots.KindRevoked || e.Say != "login-taken" {
		t.Errorf("%v", err)
	}
}

func TestAReportForAnImportedAccountWaitsUntilItIsIdentified(t *testing.T) {
	t.Parallel()
	w, fake := newWorld(t)
	a := importAccount(t, w, fake)
	r := report.Report{ID: "1", City: "zuerich", Bot: "web", Text: "kontrolle u8", At: w.Time()}
	if _, err := w.Bot.(bots.Sender).Send(t.Context(), a, r); bots.AsError(err).Say != "error-imported" || bots.AsError(err).Kind != bots.KindRetry {
		t.Errorf("%v", err)
	}
	if a.Label == "" || a.Label[0] == '@' {
		t.Errorf("label %q", a.Label)
	}
}
