package e2e

import (
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestATeamHearsTogetherWhatIsHeldAndDone has a city's info channel in a group on Telegram, and at an address.
func TestATeamHearsTogetherWhatIsHeldAndDone(t *testing.T) {
	t.Parallel()
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot"))
	toldIn := func(chat int64, text string) {
		t.Helper()
		testkit.Eventually(t, text+" is told", func() bool {
			for _, sent := range fake.Sent() {
				if sent.Chat == chat && strings.Contains(sent.Text, text) {
					return true
				}
			}
			return false
		})
	}
	fake.Say("ZueriBot", "ada", linkCode(t, admin, "zuerich"))
	toldIn(fake.Person("ada"), "linked")
	team := fake.AddChat("ZueriBot", "supergroup", "Team")
	fake.SayIn(team, "ada", map[string]any{"text": "/info@ZueriBot here"})
	toldIn(team, "Diese Gruppe hört")

	const address = "team@example.net"
	admin.Post("/city/zuerich/commands/info-add", "through", "email", "address", address)
	asked := mails.WaitForMail(t, address, "bestätige")
	link, err := url.Parse(regexp.MustCompile(`http\S+/act\?\S+`).FindString(asked.Text))
	if err != nil || link.Path == "" {
		t.Fatalf("no link in %q: %v", asked.Text, err)
	}
	visitor.Post(link.Path, "t", link.Query().Get("t"), "n", link.Query().Get("n"))
	toldIn(team, "eine Nachricht geschickt") // and not to which address
	for _, sent := range fake.Sent() {
		if strings.Contains(sent.Text, address) {
			t.Errorf("an address is told: %q", sent.Text)
		}
	}

	harness.SendMail(t, program, "zuerich", "zwei bei der post")
	toldIn(team, "zwei bei der post")
	held := mails.WaitForMail(t, address, "zwei bei der post")
	if strings.Contains(held.Text, "freigeben:") || !strings.Contains(held.Text, "Keine solchen Nachrichten mehr") {
		t.Errorf("the mail of the team:\n%s", held.Text)
	}
	label := ""
	for _, sent := range fake.Sent() {
		if sent.Chat == team && len(sent.Buttons) > 0 {
			label = sent.Buttons[0][0].Text
		}
	}
	fake.PressIn(team, "ZueriBot", "eve", label)
	testkit.Eventually(t, "a stranger is refused", func() bool {
		said := fake.Toasts()
		return len(said) == 1 && said[0].Alert
	})
	fake.PressIn(team, "ZueriBot", "ada", label)
	visitor.WaitForText("/c/zuerich", "zwei bei der post")
	mails.WaitForMail(t, address, "geht hinaus")

	admin.Post("/city/zuerich/commands/pause")
	toldIn(team, "Die Stadt ruht")
	told := mails.WaitForMail(t, address, "Die Stadt ruht")

	admin.Post("/city/zuerich/commands/resume")
	answer := "From: Team <" + address + ">\r\nTo: zuerich@linienfunk.example\r\nSubject: Re: Zürich\r\nMessage-ID: <1@example.net>\r\nIn-Reply-To: <" + strings.Trim(told.MessageID, "<>") + ">\r\n\r\ninfo ende\r\n"
	testkit.Eventually(t, "the server takes the mail", func() bool {
		return smtp.SendMail(program.SMTPAddr(), nil, address, []string{"zuerich@linienfunk.example"}, []byte(answer)) == nil
	})
	mails.WaitForMail(t, address, "Hier wird nichts mehr gesagt")
	if page := admin.Post("/city/zuerich/commands/info"); strings.Contains(page, address) || !strings.Contains(page, "Telegram, -") {
		t.Errorf("the page of the city's places:\n%s", page)
	}
}
