package e2e

import (
	"net/smtp"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

func TestASubscriberWhoseMailboxIsGoneIsUnsubscribed(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	p, _ := harness.Start(t, c)
	database := harness.Database(t, c)
	admin, visitor := harness.NewBrowser(t, p.URL()), harness.NewBrowser(t, p.URL())
	admin.Register(mails, "zuerich", "Zürich")
	visitor.Subscribe(mails, "zuerich", harness.ReaderAddress)
	from := mails.MailsTo(harness.ReaderAddress, "")[0].From
	if !strings.HasPrefix(from, "bounce+") || !strings.HasSuffix(from, "@linienfunk.example") {
		t.Fatalf("the mail came from %q", from)
	}
	report := []byte(harness.BounceReport(t))
	if n := harness.Count(t, database, "email_", "subscribers"); n != 1 {
		t.Fatalf("%d subscribers", n)
	}
	if err := smtp.SendMail(p.SMTPAddr(), nil, "", []string{from}, report); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the subscriber is gone", func() bool { return harness.Count(t, database, "email_", "subscribers") == 0 })
	if err := smtp.SendMail(p.SMTPAddr(), nil, "", []string{"bounce+" + strings.Repeat("0", 32) + "@linienfunk.example"}, report); err == nil {
		t.Error("a made-up bounce address accepts mail")
	}
}
