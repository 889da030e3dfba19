package e2e

import (
	"slices"
	"strings"
	"testing"

	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// TestRidersOfThreeNetworksWhoSeeTheSameMakeOnePost has a city whose lines and stops were typed, an instance, a Telegram bot, and two subscribers of mail,
// of the U8 and of the M10.
func TestRidersOfThreeNetworksWhoSeeTheSameMakeOnePost(t *testing.T) {
	t.Parallel()
	mails, telegram, instance := harness.NewMailServer(t), telegramtest.New(t), mastodontest.New(t)
	instance.FilterPrivate = false
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: telegram.URL}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "@line\n@stop", "idiot")
	admin.ConnectMastodon(instance, "zuerich")
	admin.Post("/city/zuerich/bot/telegram/connect", "token", telegram.AddBot("ZueriBot"))
	admin.SetNetwork("zuerich", "U8: Wittenau, Osloer Straße, Hermannplatz, Hermannstraße\nM10: Hauptbahnhof, Warschauer Straße", "")
	visitor.Subscribe(mails, "zuerich", "u8@example.net", "choice", "1", "lines", "u8")
	visitor.Subscribe(mails, "zuerich", "m10@example.net", "choice", "1", "lines", "m10")
	telegram.Say("ZueriBot", "jan", "/start")
	messages := func(text string) (n int) {
		for _, sent := range telegram.Sent() {
			if sent.Chat == telegram.Person("jan") && strings.Contains(sent.Text, text) {
				n++
			}
		}
		return n
	}
	testkit.Eventually(t, "jan is welcomed", func() bool { return messages("Zürich") > 0 })
	posts := func() (texts []string) {
		for _, status := range instance.Timeline("zuerich") {
			texts = append(texts, status.Text)
		}
		return texts
	}

	harness.SendMail(t, program, "zuerich", "u8 hermannplatz 2 kontrolleure")
	testkit.Eventually(t, "the report is posted", func() bool { return len(posts()) == 1 })
	testkit.Eventually(t, "jan gets the report", func() bool { return messages("hermannplatz 2 kontrolleure") == 1 })
	telegram.Say("ZueriBot", "jan", "Kontrolle am Hermannplatz")
	instance.Mention("lea@x.example", "@zuerich Hermannplatz U8 Kontrolleure", "public")

	testkit.Eventually(t, "the post says three people", func() bool { return len(posts()) == 1 && strings.Contains(posts()[0], "3 Leute") })
	visitor.WaitForText("/c/zuerich", "3 people reported this.")
	telegram.Say("ZueriBot", "mia", "sind weg hermannplatz")
	testkit.Eventually(t, "the post says that it is over", func() bool { return strings.Contains(posts()[0], "Vorbei seit") })
	visitor.WaitForText("/c/zuerich", "Over since")
	visitor.WaitForText("/c/zuerich/feed.json", `"people": 3`)

	harness.SendMail(t, program, "zuerich", "M10 Warschauer Straße Kontrolle") // which comes last
	testkit.Eventually(t, "it is posted", func() bool { return len(posts()) == 2 })
	mails.WaitForMail(t, "m10@example.net", "Warschauer")
	if got := mails.MailsTo("u8@example.net", "hermannplatz"); len(got) != 1 {
		t.Errorf("the subscriber of the U8 got %d mails", len(got))
	}
	if got := mails.MailsTo("m10@example.net", "hermannplatz"); len(got) != 0 {
		t.Errorf("the subscriber of the M10 got %d mails about the U8", len(got))
	}
	if got := mails.MailsTo("u8@example.net", "Warschauer"); len(got) != 0 {
		t.Errorf("the subscriber of the U8 got %d mails about the M10", len(got))
	}
	if n := messages("Hermannplatz"); n > 0 || slices.ContainsFunc(posts(), func(text string) bool { return strings.Contains(text, "Kontrolleure") }) {
		t.Errorf("a repetition was sent: %d messages, posts %q", n, posts())
	}
}
