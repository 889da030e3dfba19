package e2e

import (
	"fmt"
	"net/smtp"
	"regexp"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/bots/mastodon/mastodontest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// day is a city's day without a browser, in a chat of any network. The admin's page has only shown the code that links the chat.
type day struct {
	t       *testing.T
	program *app.Program
	mails   *harness.MailServer
	visitor *harness.Browser

	say     func(text string)         // writes to the city's account
	heard   func() []string           // what the account has written, in order
	release func(notice, text string) // lets out the report in the notice
}

// linkCode returns what an admin writes in a chat to link it.
func linkCode(t *testing.T, admin *harness.Browser, city string) string {
	t.Helper()
	page := admin.Post("/city/" + city + "/commands/link-new")
	found := regexp.MustCompile(`/link [A-Z0-9]{10}`).FindString(page)
	if found == "" {
		t.Fatalf("the page shows no code:\n%s", page)
	}
	return found
}

// waitFor returns the first answer from the given one on that has a text.
func (d day) waitFor(from int, text string) (found string) {
	d.t.Helper()
	testkit.Eventually(d.t, "the account writes "+text, func() bool {
		for _, one := range d.heard()[from:] {
			if strings.Contains(one, text) {
				found = one
				return true
			}
		}
		return false
	})
	return found
}

// asks writes to the account, and returns the answer with a text.
func (d day) asks(command, text string) string {
	d.t.Helper()
	from := len(d.heard())
	d.say(command)
	return d.waitFor(from, text)
}

func (d day) relayed(text string) {
	d.t.Helper()
	testkit.Eventually(d.t, text+" is mailed to the subscriber", func() bool { return len(d.mails.MailsTo(harness.ReaderAddress, text)) == 1 })
	d.visitor.WaitForText("/c/zuerich", text)
}

func (d day) passes(link string) {
	d.t.Helper()
	d.asks(link, "linked")
	from := len(d.heard())
	harness.SendMail(d.t, d.program, "zuerich", "zwei bei der post")
	d.release(d.waitFor(from, "zwei bei der post"), "zwei bei der post")
	d.relayed("zwei bei der post")

	d.asks("/lists add triggers bei der", "bei der")
	harness.SendMail(d.t, d.program, "zuerich", "drei bei der kirche")
	d.relayed("drei bei der kirche")

	list := d.asks("/reports", "drei bei der kirche")
	number := regexp.MustCompile(`#([0-9]+)[^#]*drei bei der kirche`).FindStringSubmatch(list)
	if number == nil {
		d.t.Fatalf("no number in %q", list)
	}
	d.asks("/withdraw "+number[1], "retracted")
	testkit.Eventually(d.t, "it is gone", func() bool { return !strings.Contains(d.visitor.Get("/c/zuerich"), "drei bei der kirche") })

	d.asks("/pause", "paused")
	if err := harness.TrySendMail(d.program.SMTPAddr(), "zuerich", "vier bei der schule"); err == nil {
		d.t.Error("a paused city takes reports")
	}
	d.asks("/status", "paused")
	d.asks("/resume", "again")
	testkit.Eventually(d.t, "reports are taken again", func() bool {
		return harness.TrySendMail(d.program.SMTPAddr(), "zuerich", "acht bei der schule") == nil
	})
	d.relayed("acht bei der schule")
	d.asks("/release "+number[1], "withdrawn") // refused, with the reason
	d.asks("/unlink", "no longer linked")
	d.asks("/status", "verbinden ihren Chat")
}

func TestACitysDayPassesOnTelegramWithoutABrowser(t *testing.T) {
	t.Parallel()
	mails, fake := harness.NewMailServer(t), telegramtest.New(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "telegram", Name: "api", Value: fake.URL}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	admin.Post("/city/zuerich/bot/telegram/connect", "token", fake.AddBot("ZueriBot"))
	seesAll := func() bool {
		return strings.Contains(strings.Join(fake.PrivateMenu("ZueriBot", "ada"), "\n"), "pause – ")
	}
	d := day{
		t: t, program: program, mails: mails, visitor: visitor,
		say: func(text string) { fake.Say("ZueriBot", "ada", text) },
		heard: func() (texts []string) {
			for _, sent := range fake.Sent() {
				if sent.Chat == fake.Person("ada") {
					texts = append(texts, sent.Text)
				}
			}
			return texts
		},
		release: func(notice, _ string) {
			number := regexp.MustCompile(`#[0-9]+`).FindString(notice)
			if !fake.Press("ZueriBot", "ada", "Release "+number) {
				t.Errorf("no button below %q", notice)
			}
			testkit.Eventually(t, "the press is answered, and marked", func() bool {
				toasts, sent := fake.Toasts(), fake.Sent()
				return len(toasts) == 1 && strings.Contains(toasts[0].Text, number) && sent[len(sent)-1].Buttons[0][0].Text == "✓ Release "+number
			})
			testkit.Eventually(t, "the menu has all commands", seesAll)
		},
	}
	d.passes(linkCode(t, admin, "zuerich"))
	testkit.Eventually(t, "the menu is that of riders", func() bool { return !seesAll() })
}

// adaAddress is where ada runs the city from, by mail.
const adaAddress = "ada@example.net"

// TestACitysDayPassesByMailWithoutABrowser has an admin whose domain signs no mails: each command is confirmed by an answer to the mail that asks about it, which only ada gets.
func TestACitysDayPassesByMailWithoutABrowser(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.Networks = []config.Key{{Network: "email", Name: "author_limit", Value: "1000"}, {Network: "email", Name: "network_limit", Value: "1000"}}
	program, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	count := 0
	send := func(text, answered string) (id string) {
		t.Helper()
		count++
		id = fmt.Sprintf("%d@example.net", count)
		header := fmt.Sprintf("From: Ada <%s>\r\nTo: zuerich@linienfunk.example\r\nSubject: Re: Zürich\r\nMessage-ID: <%s>\r\n", adaAddress, id)
		if answered != "" {
			header += "In-Reply-To: <" + strings.Trim(answered, "<>") + ">\r\n"
		}
		testkit.Eventually(t, "the server takes the mail", func() bool {
			return smtp.SendMail(program.SMTPAddr(), nil, adaAddress, []string{"zuerich@linienfunk.example"}, []byte(header+"\r\n"+text+"\r\n")) == nil
		})
		return id
	}
	answerTo := func(id string) (found harness.Mail) {
		testkit.Eventually(t, "the mail is answered", func() bool {
			for _, m := range mails.MailsTo(adaAddress, "") {
				if strings.Contains(m.Raw, "In-Reply-To: <"+id+">") {
					found = m
					return true
				}
			}
			return false
		})
		return found
	}
	d := day{
		t: t, program: program, mails: mails, visitor: visitor,
		say: func(text string) {
			last := ""
			if all := mails.MailsTo(adaAddress, ""); len(all) > 0 {
				last = all[len(all)-1].MessageID
			}
			if a := answerTo(send(text, last)); strings.Contains(a.Text, ": "+text+":") { // it asks whether ada has written that
				answerTo(send(text, a.MessageID))
			}
		},
		heard: func() (texts []string) {
			for _, m := range mails.MailsTo(adaAddress, "") {
				texts = append(texts, m.Text)
			}
			return texts
		},
		release: func(_, text string) {
			notice := mails.WaitForMail(t, adaAddress, text)
			if !strings.Contains(notice.Raw, "Auto-Submitted: auto-generated") {
				t.Errorf("the notice:\n%s", notice.Raw)
			}
			if a := answerTo(send("release", notice.MessageID)); !strings.Contains(a.Text, "goes out") || !strings.Contains(a.Raw, "Auto-Submitted: auto-replied") {
				t.Errorf("the answer:\n%s", a.Raw)
			}
		},
	}
	d.passes(linkCode(t, admin, "zuerich"))
}

func TestACitysDayPassesOnMastodonWithoutABrowser(t *testing.T) {
	t.Parallel()
	mails, instance := harness.NewMailServer(t), mastodontest.New(t)
	instance.FilterPrivate = false // otherwise private mentions would be read only by the next poll
	program, _ := harness.Start(t, harness.Config(t, mails))
	admin, visitor := harness.NewBrowser(t, program.URL()), harness.NewBrowser(t, program.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "idiot")
	admin.ConnectMastodon(instance, "zuerich")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	const ada = "ada@elsewhere.example"
	say := func(text string) { instance.Mention(ada, "@zuerich "+text, "direct") }
	d := day{
		t: t, program: program, mails: mails, visitor: visitor, say: say,
		heard: func() (texts []string) {
			for _, s := range instance.Timeline("zuerich") {
				if text, ok := strings.CutPrefix(s.Text, "@"+ada+" "); ok && s.Visibility == "direct" {
					texts = append(texts, text)
				}
			}
			return texts
		},
		release: func(notice, _ string) {
			command := regexp.MustCompile(`/release [0-9]+`).FindString(notice)
			if command == "" {
				t.Errorf("the notice names no command: %q", notice)
			}
			say(strings.TrimPrefix(command, "/"))
		},
	}
	d.passes(linkCode(t, admin, "zuerich"))
	for _, s := range instance.Timeline("zuerich") {
		if s.Visibility != "direct" && (strings.Contains(s.Text, "/") || strings.Contains(s.Text, "pause")) {
			t.Errorf("others can read %q", s.Text)
		}
	}
}
