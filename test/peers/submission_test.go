package peers

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"linienfunk/test/harness"
)

// forOwners makes postfix relay mails after a login, from the address of the login only: https://www.postfix.org/SASL_README.html
func forOwners(d *dovecot, owner string) string {
	return fmt.Sprintf(`smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %s
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_sender_login_maps = inline:{ %[2]s=%[2]s }
`, d.login(), owner)
}

func TestDebiansPostfixAcceptsACitysMailsWithItsLogin(t *testing.T) {
	t.Parallel()
	needs(t, "postfix", "swaks", "dovecot", "doveadm")
	needsRoot(t)
	const own = "melden@post.example"
	world := harness.NewMailServer(t) // all recipients behind postfix
	imap := newDovecot(t)
	imap.start(t)
	imap.deliver(t, own, "0", riderMail("zero", "von früher")) // makes the mailbox
	post := newPostfix(t, "nobody.example=error:", world.Address, forOwners(imap, own))
	p := newProgram(t, nil)
	admin := p.admins["zuerich"]
	p.visitor.Subscribe(p.mails, "zuerich", harness.ReaderAddress)
	host, port, err := net.SplitHostPort(post.address)
	must(t, err)
	connect := func(address string) string {
		return admin.Post("/city/zuerich/bot/email/connect", "address", address, "login", own, "password", "sesame", "host", imap.host, "port", imap.port,
			"security", "none", "smtp_host", host, "smtp_port", port, "smtp_security", "none")
	}
	// Postfix refuses a sender only after RCPT: smtpd_delay_reject.
	if page := connect("other@post.example"); !strings.Contains(page, "does not let this address send") {
		t.Errorf("an address of somebody else is connected:\n%s", page)
	}
	post.logs(t, "RCPT from", "Sender address rejected: not owned by user")
	if page := connect(own); !strings.Contains(page, "The mailbox is connected") {
		t.Fatalf("the mailbox is not connected:\n%s", page)
	}
	harness.SendMail(t, p.Program, "zuerich", "kontrolle u8 über die eigene post")
	if mail := world.WaitForMail(t, harness.ReaderAddress, "eigene post"); mail.From != own {
		t.Errorf("from %s", mail.From)
	}
	post.logs(t, "sasl_method=PLAIN", "sasl_username="+own)
	if len(p.mails.MailsTo(harness.ReaderAddress, "eigene post")) > 0 {
		t.Error("it left by the smarthost, too")
	}
}
