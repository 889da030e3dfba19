package e2e

import (
	"net/http"
	"strings"
	"testing"

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestAMessageOnTelegramReachesEveryNetworkAndReportsReachItsSubscribers(t *testing.T) {
	t.Parallel()
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	if page := admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot")); !strings.Contains(page, "@ZueriBot") {
		t.Fatalf("not connected:\n%s", page)
	}
	visitor.WaitForText("/c/zuerich", "https://t.me/ZueriBot")
	got := func(who, text string) bool {
		for _, sent := range fake.Sent() {
			if sent.Chat == fake.Person(who) && strings.Contains(sent.Text, text) {
				return true
			}
		}
		return false
	}
	for _, who := range []string{"marta", "jan"} {
		fake.Say("ZueriBot", who, "/start")
		testkit.Eventually(t, who+" is welcomed", func() bool { return got(who, "Zürich") })
	}

	fake.Say("ZueriBot", "marta", "kontrolle u8 hermannplatz")
	testkit.Eventually(t, "jan gets marta's report", func() bool { return got("jan", "kontrolle u8 hermannplatz") })
	testkit.Eventually(t, "it is in the subscriber's mailbox", func() bool { return len(mails.MailsTo(harness.ReaderAddress, "kontrolle u8")) > 0 })
	visitor.WaitForText("/c/zuerich", "kontrolle u8 hermannplatz")

	harness.SendMail(t, program, "zuerich", "kontrolle u6 am bahnhof")
	for _, who := range []string{"marta", "jan"} {
		testkit.Eventually(t, who+" gets the mailed report", func() bool { return got(who, "kontrolle u6 am bahnhof") })
	}
	if got("marta", "kontrolle u8") {
		t.Error("marta got her own report")
	}

	// A webhook's request has neither origin nor cookie. It reaches the bot, which does not know this path.
	answer, err := http.Post(program.URL()+"/bots/telegram/hook/unknown", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusNotFound || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("a webhook's request: %s, %s", answer.Status, kind)
	}
}
