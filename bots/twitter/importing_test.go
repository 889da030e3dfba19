package twitter

import (
	"slices"
	"testing"

	"linienfunk/ancestors/ancestorstest"
	"linienfunk/bots/bottest"
	"linienfunk/bots/twitter/twittertest"
)

func TestAnImportedAccountAsksItsNameAndReadsOnBehindTheNewestMentionThatWasReported(t *testing.T) {
	t.Parallel()
	bothConnected(t, func(t *testing.T, w *bottest.World, fake *twittertest.Server) {
		b := w.Bot.(*bot)
		_, text, err := b.Rows.Load(t.Context(), "zuerich")
		if err != nil {
			t.Fatal(err)
		}
		keys, err := unmarshalKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Rows.Disconnect(t.Context(), "zuerich"); err != nil {
			t.Fatal(err)
		}
		seen := fake.Write("rider", "@zuerich gesehen")
		fake.Write("rider", "@zuerich neu")
		old := ancestorstest.Ticketfrei(t)
		old.TicketfreiCity(1, "Zürich", "ada@example.org", ancestorstest.Scrypt)
		old.Exec("INSERT INTO twitter_accounts (user_id, client_id, client_secret, active) VALUES (1, ?, ?, 1)", keys.Token, keys.TokenSecret)
		old.Exec("INSERT INTO seen_tweets (user_id, tweet_id) VALUES (1, ?)", seen)
		if r := w.Import(t, "zuerich", old.City(1)); len(r.Lost) > 0 || len(r.Brought) != 1 {
			t.Errorf("%+v", r)
		}
		k := newTestReader(t, w)
		if got := k.poll(t); !slices.Equal(got, []string{"neu"}) {
			t.Errorf("received %q", got)
		}
		if a := w.Account(t, "zuerich"); a.Label != "@zuerich" {
			t.Errorf("account %+v", a)
		}
	})
}
