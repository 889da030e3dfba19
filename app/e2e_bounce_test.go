package app

import (
	"net/smtp"
	"os"
	"strings"
	"testing"

	"linienfunk/internal/testkit"
)

func TestASubscriberWhoseMailboxIsGoneIsUnsubscribed(t *testing.T) {
	box := newMailbox(t)
	p, _ := start(t, testConfig(t, box))
	admin, visitor := newBrowser(t, p.URL()), newBrowser(t, p.URL())
	admin.register(box, "zuerich", "Zürich")
	visitor.subscribe(box, "zuerich", readerAddress)
	from := box.to(readerAddress, "")[0].from
	if !strings.HasPrefix(from, "bounce+") || !strings.HasSuffix(from, "@linienfunk.example") {
		t.Fatalf("the mail came from %q", from)
	}
	report, err := os.ReadFile("../mail/testdata/hard.eml")
	if err != nil {
		t.Fatal(err)
	}
	if n := subscribers(t, p); n != 1 {
		t.Fatalf("%d subscribers", n)
	}
	if err := smtp.SendMail(p.SMTPAddr(), nil, "", []string{from}, report); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the subscriber is gone", func() bool { return subscribers(t, p) == 0 })
	if err := smtp.SendMail(p.SMTPAddr(), nil, "", []string{"bounce+" + strings.Repeat("0", 32) + "@linienfunk.example"}, report); err == nil {
		t.Error("an address that nobody made takes mail")
	}
}

// subscribers counts those of a program.
func subscribers(t testing.TB, p *Program) (count int64) {
	t.Helper()
	handle, err := p.db.Prefixed("email_")
	if err == nil {
		err = handle.Table("email_subscribers").Count(&count).Error
	}
	if err != nil {
		t.Fatal(err)
	}
	return count
}
