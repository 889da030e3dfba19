package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestNothingOfAReportIsLeftInTheDataDirectoryAfterTheRetention looks at every file with the eyes of strings(1): while the program runs,
// and after it was stopped.
func TestNothingOfAReportIsLeftInTheDataDirectoryAfterTheRetention(t *testing.T) {
	t.Parallel()
	var clock testkit.Clock
	mails, instance, chats := harness.NewMailServer(t), mastodontest.New(t), telegramtest.New(t)
	instance.FilterPrivate = false
	c := harness.Config(t, mails)
	c.Database.URL, c.NATS.URL = "", "" // this is about the files of SQLite and of the embedded broker
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: chats.URL}}
	program, stop := harness.StartWithClock(t, c, clock.Now)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	admin.ConnectMastodon(instance, "zuerich")
	admin.ChooseBoosts("zuerich")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", chats.AddBot("ZueriBot"))
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	chats.Say("ZueriBot", "jan", "/start")
	s := &fixture{t: t, program: program, mails: mails, instance: instance, admin: admin, visitor: visitor}

	secrets := []string{harness.RiderAddress, harness.ReaderAddress, "marta@elsewhere.example"}
	var mentions []string
	for i := range 10 {
		text := func(network string) string { return fmt.Sprintf("kontrolle an der %s-haltestelle %d", network, i) }
		harness.SendMail(t, program, "zuerich", text("mail"))
		mention := instance.Mention("marta@elsewhere.example", "@zuerich "+text("mastodon"), "public")
		chats.Say("ZueriBot", "jan", text("telegram"))
		chats.Say("ZueriBot", "jan", "nur geplauder "+fmt.Sprint(i)) // held by the censor
		secrets = append(secrets, text("mail"), text("mastodon"), text("telegram"), "geplauder "+fmt.Sprint(i))
		mentions = append(mentions, mention)
	}
	form := harness.FormFields(visitor.Get("/c/zuerich"), "/c/zuerich/web/report")
	visitor.Post("/c/zuerich/web/report", append(form, "text", "kontrolle an der web-haltestelle")...)
	secrets = append(secrets, "web-haltestelle")
	for i := range 10 {
		s.admin.WaitForText("/c/zuerich", fmt.Sprintf("mail-haltestelle %d", i))
		testkit.Eventually(t, "the report is mailed", func() bool {
			return len(mails.MailsTo(harness.ReaderAddress, fmt.Sprintf("telegram-haltestelle %d", i))) > 0
		})
		s.admin.WaitForText("/c/zuerich", fmt.Sprintf("mastodon-haltestelle %d", i))
	}
	var authors []string
	err := harness.Database(t, c).Table("ledger_entries").Distinct("author").Where("author <> ''").Pluck("author", &authors).Error
	if err != nil || len(authors) < 3 {
		t.Fatalf("pseudonyms: %q, %v", authors, err)
	}
	secrets = append(secrets, authors...)
	for _, mention := range mentions {
		if n := harness.Count(t, harness.Database(t, c), "ledger_", "entries", "key LIKE ?", "%:"+mention); n > 0 {
			t.Errorf("the ledger names the mention %s", mention)
		}
	}
	if found := findInFiles(t, c.Data, secrets); len(found) < 20 {
		t.Fatalf("the test looks in the wrong places: it found %q", found)
	}
	stop()

	clock.Advance(25 * time.Hour) // the city keeps texts for 24
	_, stop = harness.StartWithClock(t, c, clock.Now)
	var found []string
	testkit.Eventually(t, "all is gone while the program runs", func() bool {
		found = findInFiles(t, c.Data, secrets)
		return len(found) == 0
	})
	stop()
	if found := findInFiles(t, c.Data, secrets); len(found) > 0 {
		t.Errorf("left after the stop: %q", found)
	}
}

// findInFiles returns those of the secrets that are in a file below a directory, with the names of the files.
func findInFiles(t *testing.T, directory string, secrets []string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return ignoreMissing(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return ignoreMissing(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				found = append(found, secret+" in "+strings.TrimPrefix(path, directory))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// ignoreMissing is for files that the program deletes meanwhile.
func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
