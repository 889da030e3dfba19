package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linienfunk/ancestors/ancestorstest"
	"linienfunk/bots/mastodon/mastodontest"
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
	counts := "3 cities, 3 admins, 51 triggers, 3 blocked words, 3 texts for the city's page, 1200 subscribers by mail, 2 bots on Telegram, 800 subscribers on Telegram."
	for _, output := range []string{said, first} {
		for _, want := range []string{counts, "Nürnberg becomes nuernberg", "Bad Ems becomes bad-ems", "1 subscribers by mail have not confirmed their address"} {
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
	if err != nil || !strings.Contains(again, "Nürnberg: imported before, as nuernberg") || !strings.Contains(again, "0 cities.") {
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
	instance := mastodontest.New(t)
	instance.FilterPrivate = false
	token := instance.AddAccount("nuernberg")
	seen := instance.Mention("rider", "@nuernberg kontrolle u1 plärrer", "public")
	unseen := "kontrolle u2 langwasser"
	instance.Mention("rider", "@nuernberg "+unseen, "public")
	old := threeCities(t)
	old.TicketfreiMastodon(1, instance.URL, token, instance.URL+"/@rider/statuses/"+seen)
	if said, err := operate(t, c, "import", "ticketfrei", old.Path); err != nil || !strings.Contains(said, "1 mentions on Mastodon that are not reported again") {
		t.Fatal(err, said)
	}
	p, _ := harness.Start(t, c)
	admin := harness.NewBrowser(t, p.URL())
	if page := admin.Post("/login", "address", "ada@example.org", "password", ancestorstest.Password); !strings.Contains(page, "Nürnberg") {
		t.Fatalf("the old password does not log in:\n%s", page)
	}
	boosted := func() []string { return instance.Boosts("nuernberg") }
	copies := func() (texts []string) {
		for _, status := range instance.Timeline("nuernberg") {
			texts = append(texts, status.Text)
		}
		return texts
	}
	posted := func(text string) bool {
		return slices.ContainsFunc(copies(), func(one string) bool { return strings.Contains(one, text) }) || slices.Contains(boosted(), text)
	}
	testkit.Eventually(t, "the mention that came while nothing ran is posted", func() bool { return posted(unseen) })
	instance.Mention("rider", "@nuernberg kontrolle u3 friedrich-ebert-platz", "public")
	testkit.Eventually(t, "a new mention is posted", func() bool { return posted("friedrich-ebert-platz") })
	if posted("plärrer") {
		t.Errorf("the mention that Ticketfrei has reported is posted again: %q", copies())
	}
	mails.WaitForMail(t, "reader0@example.net", "friedrich-ebert-platz")
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
