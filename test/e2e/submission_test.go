package e2e

import (
	"net"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/test/harness"
)

func TestACitysMailsAreSentThroughItsOwnMailbox(t *testing.T) {
	t.Parallel()
	const own = "melden@post.example"
	mails, provider, inbox := harness.NewMailServer(t), harness.NewMailServer(t), inboundtest.New(t)
	provider.RequireLogin(own + ":" + inboundtest.Password)
	inbox.Add(own)
	c := harness.Config(t, mails)
	p, _ := harness.Start(t, c)
	admin, visitor := harness.NewBrowser(t, p.URL()), harness.NewBrowser(t, p.URL())
	admin.Register(mails, "zuerich", "Zürich")
	admin.SetLists("zuerich", "Zürich", "kontrolle", "")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	host, port, err := net.SplitHostPort(provider.Address)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(sender string) string {
		return admin.Post("/city/zuerich/bot/email/connect", "address", sender, "login", own, "host", inbox.Host(), "port", inbox.Port(), "security", "none",
			"password", inboundtest.Password, "smtp_host", host, "smtp_port", port, "smtp_security", "none")
	}
	if page := connect("other@post.example"); !strings.Contains(page, "does not let this address send") {
		t.Errorf("an address that may not send is connected:\n%s", page)
	}
	if page := connect(own); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	harness.SendMail(t, p, "zuerich", "kontrolle u1")
	testkit.Eventually(t, "the provider gets the mail", func() bool { return len(provider.MailsTo(harness.ReaderAddress, "kontrolle u1")) == 1 })
	if mail := provider.MailsTo(harness.ReaderAddress, "kontrolle u1")[0]; mail.From != own || !strings.Contains(mail.Raw, "<"+own+">\r\n") {
		t.Errorf("from %s:\n%s", mail.From, mail.Raw)
	}
	if got := mails.MailsTo(harness.ReaderAddress, "kontrolle"); len(got) > 0 {
		t.Error("it left by the smarthost, too")
	}
	provider.RequireLogin(own + ":changed")
	provider.Disconnect()
	harness.SendMail(t, p, "zuerich", "kontrolle u2")
	testkit.Eventually(t, "the admin is warned", func() bool {
		return len(mails.MailsTo("admin-zuerich@example.net", "no longer accepts mails from this mailbox")) == 1
	})
	harness.SendMail(t, p, "zuerich", "kontrolle u3")
	testkit.Eventually(t, "the smarthost gets the next mail", func() bool { return len(mails.MailsTo(harness.ReaderAddress, "kontrolle u3")) == 1 })
	if mail := mails.MailsTo(harness.ReaderAddress, "kontrolle u3")[0]; !strings.HasPrefix(mail.From, "bounce+") {
		t.Errorf("from %s", mail.From)
	}
	provider.RequireLogin(own + ":" + inboundtest.Password)
	if page := connect(own); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	harness.SendMail(t, p, "zuerich", "kontrolle u4")
	testkit.Eventually(t, "the provider gets mails again", func() bool { return len(provider.MailsTo(harness.ReaderAddress, "kontrolle u4")) == 1 })
	database := harness.Database(t, c)
	testkit.Eventually(t, "only the mail that was refused with the login is queued", func() bool {
		return harness.Count(t, database, "mail_", "messages", "open = ?", true) == 1
	})
}
