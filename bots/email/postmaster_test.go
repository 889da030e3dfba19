package email_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/mail"
)

const toPostmaster = "postmaster@linienfunk.example"

func TestMailForPostmasterIsSentToTheOperator(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *bottest.World) { w.Core.Config["postmaster"] = "operator@example.org" })
	c := s.hello()
	c.Mail(marta, toPostmaster, rawMail("Subject: =?utf-8?q?Spam_f=C3=BCr_mich?=\n", "Please stop."), "250")
	c.Mail(marta, toPostmaster, rawMail("X-Loop: "+toPostmaster+"\n", "again"), "250")
	got := s.w.Mails.All()
	if len(got) != 1 || got[0].To != "operator@example.org" || got[0].Subject != "[postmaster] Spam für mich" || got[0].Header["Reply-To"] != marta ||
		!strings.Contains(got[0].Text, "Please stop.") || !strings.Contains(got[0].Text, "Message-ID: <1@rider.example>") {
		t.Errorf("mails %+v", got)
	}
	for i := range 9 {
		c.Mail(marta, toPostmaster, rawMail("", fmt.Sprint(i)), "250")
	}
	c.Mail(marta, toPostmaster, rawMail("", "one more"), "450 4.7.1")
	if got := s.out.All(); len(got) != 0 {
		t.Errorf("reports %+v", got)
	}
}

func TestMailForPostmasterIsAcceptedWithoutAnOperator(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<postmaster>", "250")
	c.Data(rawMail("", "hello"))
	c.Want("250")
	if len(s.w.Mails.All()) != 0 || !strings.Contains(s.w.Log.String(), "mail for postmaster discarded") {
		t.Errorf("mails %+v, log\n%s", s.w.Mails.All(), s.w.Log.String())
	}
}

func TestAFeedbackReportToPostmasterIsHandedToTheMailer(t *testing.T) {
	t.Parallel()
	back := &bounceHandler{}
	s := serve(t, func(w *bottest.World) { w.Mail.Bounces = back })
	v := visitor{t, s.w, "zuerich"}
	v.subscribe(marta)
	sent := v.broadcast(v.report("1"))
	c := s.hello()
	report := func(link string) string {
		return "From: feedback@provider.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n" +
			"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b\nContent-Type: message/rfc822\n\nList-Unsubscribe: " + link + "\n\nx\n--b--\n"
	}
	link := sent[0].Header["List-Unsubscribe"]
	for _, forged := range []string{"", "<https://linienfunk.example/c/>", strings.ReplaceAll(link, "/zuerich/", "/ghent/"), link[:len(link)-9] + ">"} {
		c.Mail("feedback@provider.example", toPostmaster, report(forged), "250")
	}
	if got := back.all(); len(got) != 0 {
		t.Errorf("forged reports are handled: %q", got)
	}
	c.Mail("feedback@provider.example", toPostmaster, report(link), "250")
	if got := back.all(); len(got) != 1 || got[0] != sent[0].BounceID {
		t.Errorf("handled %q", got)
	}
}

func TestTheOperatorsAddressCannotBePostmasterItself(t *testing.T) {
	t.Parallel()
	w := bottest.NewWorld(t, "email", email.Plugin())
	w.Core.Config["postmaster"] = "me@linienfunk.example"
	w.Mail.Listen = func() (net.Listener, error) { return nil, net.ErrClosed }
	bot, err := email.New(w.Core)
	if err != nil {
		t.Fatal(err)
	}
	if err := bot.(mail.Network).UseMail(w.Mail); err == nil || !strings.Contains(err.Error(), "postmaster") {
		t.Errorf("got %v", err)
	}
}
