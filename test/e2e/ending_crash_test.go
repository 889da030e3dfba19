package e2e

import (
	"strings"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestADeletionGoesOnAfterACrashAtEachStepAndTellsSubscribersOnce has the database refuse what the deletion writes at the end of a step, as if the program had been killed just before, and kills
// it there.
func TestADeletionGoesOnAfterACrashAtEachStepAndTellsSubscribersOnce(t *testing.T) {
	t.Parallel()
	mails, instance, chats := harness.NewMailServer(t), mastodontest.New(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Database.URL, c.NATS.URL, c.NATS.Prefix = "", "", "" // the test makes triggers in SQLite, and looks into the embedded broker's files
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: chats.URL}}
	process := harness.NewProcess(t, c)
	process.Start()
	admin := harness.NewBrowser(t, c.BaseURL)
	admin.Register(mails, "admins", "Admins")
	admin.Post("/cities", "city", gone, "title", "Xqville")
	admin.SetLists(gone, "Xqville", "kontrolle", "")
	admin.ConnectMastodon(instance, gone)
	admin.Post("/city/"+gone+"/bot/telegram/connect", "token", chats.AddBot("XqBot"))
	readers := []string{"eins@example.net", "zwei@example.net"}
	for _, reader := range readers {
		harness.NewBrowser(t, c.BaseURL).Subscribe(mails, gone, reader)
	}
	people := []string{"jan", "ada"}
	for _, person := range people {
		chats.Say("XqBot", person, "/start")
	}
	if err := harness.TrySendMail(c.SMTP, gone, "kontrolle am zoo"); err != nil {
		t.Fatal(err)
	}
	heard := func(person, text string) (count int) {
		for _, sent := range chats.Sent() {
			if sent.Chat == chats.Person(person) && strings.Contains(sent.Text, text) {
				count++
			}
		}
		return count
	}
	testkit.Eventually(t, "the report is everywhere", func() bool {
		return len(mails.MailsTo(readers[0], "kontrolle am zoo")) == 1 && heard("jan", "kontrolle am zoo") == 1 && len(instance.Timeline(gone)) == 1
	})
	admin.Post("/city/"+gone+"/end/delete", "name", gone)
	d := harness.Database(t, c)
	execute := func(statement string, values ...any) {
		t.Helper()
		if err := d.Exec(statement, values...).Error; err != nil {
			t.Fatal(err)
		}
	}
	ended := func() (row db.EndedCity) {
		t.Helper()
		row, err := d.Ended(t.Context(), gone)
		if err != nil {
			t.Fatal(err)
		}
		return row
	}

	const farewell = "den Dienst auf Linienfunk beendet"
	steps := []struct {
		column, when string
		there        func() bool // what the step has done
		written      func(row db.EndedCity) bool
	}{
		{"begun_at", "1", func() bool { return true }, func(row db.EndedCity) bool { return row.BegunAt != nil }},
		{"told", "1", func() bool { return len(mails.MailsTo(readers[1], farewell)) > 0 }, func(row db.EndedCity) bool { return row.Told != "" }},
		{"told", "new.told LIKE '%telegram%'", func() bool { return heard("ada", farewell) > 0 && heard("jan", farewell) > 0 },
			func(row db.EndedCity) bool { return strings.Contains(row.Told, "telegram") }},
		{"gone_at", "1", func() bool { return instance.Tokens(gone) == 0 }, db.EndedCity.Gone},
		{"erased", "1", func() bool { return ended().Gone() && len(findInFiles(t, c.Data, []string{"kontrolle am zoo"})) == 0 },
			func(row db.EndedCity) bool { return row.Erased }},
	}
	crashAt := func(i int) {
		t.Helper()
		execute("DROP TRIGGER IF EXISTS crash")
		if i < len(steps) {
			execute("CREATE TRIGGER crash BEFORE UPDATE OF " + steps[i].column + " ON ended_cities WHEN " + steps[i].when + " BEGIN SELECT RAISE(ABORT, 'as if killed'); END")
		}
	}
	crashAt(0)
	execute("UPDATE ended_cities SET ends_at = ? WHERE name = ?", db.Time(time.Now().Add(-time.Second)), gone)
	for i, step := range steps {
		testkit.Eventually(t, "the program has come to "+step.column+" if "+step.when, step.there)
		process.Kill()
		if step.written(ended()) {
			t.Fatalf("%s is written: the test kills in the wrong place", step.column)
		}
		crashAt(i + 1) // before the program goes on
		process.Start()
	}
	testkit.Eventually(t, "everything is deleted", func() bool { return ended().Erased })
	for _, reader := range readers {
		if told := len(mails.MailsTo(reader, farewell)); told != 1 {
			t.Errorf("%s is told %d times", reader, told)
		}
	}
	for _, person := range people {
		if told := heard(person, farewell); told != 1 {
			t.Errorf("%s is told %d times", person, told)
		}
	}
	execute("UPDATE ended_cities SET free_at = ?", db.Time(time.Now()))
	testkit.Eventually(t, "no byte is left", func() bool { return len(findInFiles(t, c.Data, []string{gone})) == 0 })
	if page := admin.Get("/city/admins"); !strings.Contains(page, "Admins") {
		t.Errorf("the other city:\n%s", page)
	}
}
