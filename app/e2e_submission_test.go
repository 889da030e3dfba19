package app

import (
	"net"
	"strings"
	"testing"

	"linienfunk/bots/email/emailtest"
	"linienfunk/internal/testkit"
)

func TestACitysMailsComeFromItsOwnMailbox(t *testing.T) {
	const own = "melden@post.example"
	box, provider, inbox := newMailbox(t), newMailbox(t), emailtest.New(t)
	provider.setLogin(own + ":" + emailtest.Password)
	inbox.Add(own)
	p, _ := start(t, testConfig(t, box))
	admin, visitor := newBrowser(t, p.URL()), newBrowser(t, p.URL())
	admin.register(box, "zuerich", "Zürich")
	admin.setLists("zuerich", "Zürich", "kontrolle", "")
	visitor.subscribe(box, "zuerich", readerAddress)
	host, port, err := net.SplitHostPort(provider.address)
	if err != nil {
		t.Fatal(err)
	}
	connect := func(sender string) string {
		return admin.post("/city/zuerich/bot/email/connect", "address", sender, "login", own, "host", inbox.Host(), "port", inbox.Port(), "security", "none",
			"password", emailtest.Password, "smtp_host", host, "smtp_port", port, "smtp_security", "none")
	}
	if page := connect("other@post.example"); !strings.Contains(page, "does not let this address send") {
		t.Errorf("an address that may not send is connected:\n%s", page)
	}
	if page := connect(own); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	writeMail(t, p, "zuerich", "kontrolle u1")
	testkit.Eventually(t, "the provider gets the mail", func() bool { return len(provider.to(readerAddress, "kontrolle u1")) == 1 })
	if mail := provider.to(readerAddress, "kontrolle u1")[0]; mail.from != own || !strings.Contains(mail.raw, "<"+own+">\r\n") {
		t.Errorf("from %s:\n%s", mail.from, mail.raw)
	}
	if got := box.to(readerAddress, "kontrolle"); len(got) > 0 {
		t.Error("it left by the smarthost, too")
	}
	provider.setLogin(own + ":changed")
	provider.hangUp()
	writeMail(t, p, "zuerich", "kontrolle u2")
	testkit.Eventually(t, "the admin is warned", func() bool {
		return len(box.to("admin-zuerich@example.net", "no longer takes mails from this mailbox")) == 1
	})
	writeMail(t, p, "zuerich", "kontrolle u3")
	testkit.Eventually(t, "the smarthost gets the next mail", func() bool { return len(box.to(readerAddress, "kontrolle u3")) == 1 })
	if mail := box.to(readerAddress, "kontrolle u3")[0]; !strings.HasPrefix(mail.from, "bounce+") {
		t.Errorf("from %s", mail.from)
	}
	provider.setLogin(own + ":" + emailtest.Password)
	if page := connect(own); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	writeMail(t, p, "zuerich", "kontrolle u4")
	testkit.Eventually(t, "the provider gets mails again", func() bool { return len(provider.to(readerAddress, "kontrolle u4")) == 1 })
	handle, err := p.db.Prefixed("mail_")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "of the mails only that waits which was refused with the login", func() bool {
		var waiting int64
		err := handle.Table("mail_messages").Where("open = ?", true).Count(&waiting).Error
		return err == nil && waiting == 1
	})
}
