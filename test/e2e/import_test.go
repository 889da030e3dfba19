package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linienfunk/ancestors/ancestorstest"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// importMails is a mail server's and a program's configuration that is not running.
func importMails(t *testing.T) (*harness.MailServer, config.Config) {
	t.Helper()
	mails := harness.NewMailServer(t)
	return mails, harness.Config(t, mails)
}

// threeCities is a database of Ticketfrei with 3 cities and 2,000 subscribers.
func threeCities(t *testing.T) *ancestorstest.File {
	t.Helper()
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
	old.TicketfreiCity(2, "Bad Ems", "bo@example.org", ancestorstest.OlderScrypt)
	old.TicketfreiCity(3, "erlangen", "cy@example.org", ancestorstest.Scrypt)
	for n := range 1200 {
		old.Exec("INSERT INTO mailinglist (user_id, email, confirmed) VALUES (?, ?, 1)", n%3+1, fmt.Sprintf("reader%d@example.net", n))
	}
	for n := range 800 {
		old.Exec("INSERT INTO telegram_subscribers (user_id, subscriber_id) VALUES (?, ?)", n%2+1, 70000+n)
	}
	old.Exec("INSERT INTO mailinglist (user_id, email, confirmed) VALUES (1, 'doubtful@example.net', 0)")
	for id, token := range map[int]string{1: "10001:AAAAAAAAAAAAAAAAAAAAAAAA", 2: "10002:BBBBBBBBBBBBBBBBBBBBBBBB"} {
		old.Exec("UPDATE telegram_accounts SET apikey = ? WHERE user_id = ?", token, id)
		old.Exec("UPDATE seen_telegrams SET tg_id = 4711 WHERE user_id = ?", id)
	}
	return old
}

func TestTheCitiesOfTicketfreiComeAlongAndOneMoreImportChangesNothing(t *testing.T) {
	t.Parallel()
	_, c := importMails(t)
	old := threeCities(t)
	said, err := operate(t, c, "import", "ticketfrei", old.Path, "--dry-run")
	if err != nil {
		t.Fatal(err, said)
	}
	d := harness.Database(t, c)
	for _, table := range []string{"cities", "admins", "email_subscribers", "telegram_subscribers", "imported_cities"} {
		if n := harness.Count(t, d, "", table); n != 0 {
			t.Errorf("the dry run has written %d rows of %s", n, table)
		}
	}
	first, err := operate(t, c, "import", "ticketfrei", old.Path)
	if err != nil {
		t.Fatal(err, first)
	}
	counts := "cities: 3, admins: 3, triggers: 51, blocked words: 3, texts for the city's page: 3, subscribers by mail: 1200, bots on Telegram: 2, subscribers on Telegram: 800."
	for _, output := range []string{said, first} {
		for _, want := range []string{counts, "Nürnberg becomes nuernberg", "Bad Ems becomes bad-ems", "subscribers by mail who have not confirmed their address: 1"} {
			if !strings.Contains(output, want) {
				t.Errorf("%q is not in\n%s", want, output)
			}
		}
		for _, secret := range []string{"@example", "10001:", "70000", "$s1$"} {
			if strings.Contains(output, secret) {
				t.Errorf("the report has %q in it", secret)
			}
		}
	}
	again, err := operate(t, c, "import", "ticketfrei", old.Path)
	if err != nil || !strings.Contains(again, "Nürnberg: imported before, as nuernberg") || !strings.Contains(again, "In all: cities: 0.") {
		t.Errorf("%v: %s", err, again)
	}
	for table, want := range map[string]int64{"cities": 3, "admins": 3, "city_admins": 3, "email_subscribers": 1200, "telegram_subscribers": 800, "telegram_accounts": 2, "settings_links": 3} {
		if n := harness.Count(t, d, "", table); n != want {
			t.Errorf("%d rows of %s, not %d", n, table, want)
		}
	}
	if n := harness.Count(t, d, "", "city_admins", "role = ?", db.RoleOwner); n != 3 {
		t.Errorf("%d owners", n)
	}
}

func TestAnImportedCityGoesOnWhereTicketfreiStopped(t *testing.T) {
	t.Parallel()
	mails, c := importMails(t)
	instance, messenger := mastodontest.New(t), telegramtest.New(t)
	instance.FilterPrivate = false
	token := instance.AddAccount("nuernberg")
	seen := instance.Mention("rider", "@nuernberg kontrolle u1 plärrer", "public")
	unseen := instance.Mention("rider", "@nuernberg kontrolle u2 langwasser", "public")
	old := threeCities(t)
	old.TicketfreiMastodon(1, instance.URL, token, instance.URL+"/@rider/statuses/"+seen)
	old.Exec("DELETE FROM telegram_subscribers")
	old.Exec("UPDATE telegram_accounts SET apikey = '' WHERE user_id = 2")
	old.Exec("UPDATE telegram_accounts SET apikey = ? WHERE user_id = 1", messenger.AddBot("NueBot"))
	old.Exec("INSERT INTO telegram_subscribers (user_id, subscriber_id) VALUES (1, ?)", messenger.Person("jan"))
	messenger.Introduce("NueBot", messenger.Person("jan"))
	messenger.Say("NueBot", "marta", "kontrolle s1 fürth")
	old.Exec("UPDATE seen_telegrams SET tg_id = 700001 WHERE user_id = 1") // the id of that message
	messenger.Say("NueBot", "marta", "kontrolle s2 roth")
	if said, err := operate(t, c, "import", "ticketfrei", old.Path); err != nil || !strings.Contains(said, "mentions on Mastodon that are not reported again: 1") {
		t.Fatal(err, said)
	}
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: messenger.URL}}
	p, _ := harness.Start(t, c)
	admin := harness.NewBrowser(t, p.URL())
	if page := admin.Post("/login", "address", "ada@example.org", "password", ancestorstest.Password); !strings.Contains(page, "Nürnberg") {
		t.Fatalf("the old password does not log in:\n%s", page)
	}
	boosted := func(id string) bool { return slices.Contains(instance.Boosts("nuernberg"), id) }
	copied := func(text string) bool {
		return slices.ContainsFunc(instance.Timeline("nuernberg"), func(s mastodontest.Status) bool { return s.Boosts == "" && strings.Contains(s.Text, text) })
	}
	told := func(text string) bool {
		return slices.ContainsFunc(messenger.Sent(), func(s telegramtest.Sent) bool {
			return s.Chat == messenger.Person("jan") && strings.Contains(s.Text, text)
		})
	}
	testkit.Eventually(t, "the mention that came while nothing ran is boosted", func() bool { return boosted(unseen) })
	testkit.Eventually(t, "and told on Telegram", func() bool { return told("u2 langwasser") })
	testkit.Eventually(t, "the message that came meanwhile is posted", func() bool { return copied("s2 roth") })
	fresh := instance.Mention("rider", "@nuernberg kontrolle u3 friedrich-ebert-platz", "public")
	testkit.Eventually(t, "a new mention is boosted", func() bool { return boosted(fresh) })
	mails.WaitForMail(t, "reader0@example.net", "friedrich-ebert-platz")
	if boosted(seen) || copied("plärrer") || told("plärrer") {
		t.Error("the mention that Ticketfrei has reported is reported again")
	}
	if copied("s1 fürth") || len(mails.MailsTo("reader0@example.net", "s1 fürth")) > 0 {
		t.Error("the message that Ticketfrei has reported is reported again")
	}
	if n := len(mails.MailsTo("doubtful@example.net", "")); n > 0 {
		t.Errorf("somebody who has not confirmed gets %d mails", n)
	}
	if n := harness.Count(t, harness.Database(t, c), "", "mastodon_seen_mentions"); n != 0 {
		t.Errorf("%d seen mentions are still remembered", n)
	}
}

func TestNothingIsImportedWhileTheProgramRuns(t *testing.T) {
	t.Parallel()
	_, c := importMails(t)
	_, stop := harness.Start(t, c)
	old := ancestorstest.Ticketfrei(t)
	old.TicketfreiCity(1, "Nürnberg", "ada@example.org", ancestorstest.Scrypt)
	if _, err := operate(t, c, "import", "ticketfrei", old.Path); err == nil || !strings.Contains(err.Error(), "another linienfunk is running") {
		t.Errorf("%v", err)
	}
	stop()
	if said, err := operate(t, c, "import", "ticketfrei", old.Path); err != nil {
		t.Error(err, said)
	}
}
