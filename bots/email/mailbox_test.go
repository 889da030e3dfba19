package email_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/report"
)

// mailboxWorld is a city with a connected mailbox.
type mailboxWorld struct {
	t      testing.TB
	w      *bottest.World
	server *inboundtest.Server
	got    chan report.Report
	count  int
}

func newMailboxWorld(t testing.TB, server *inboundtest.Server, change func(*email.Bot), extra url.Values) *mailboxWorld {
	t.Helper()
	p := &mailboxWorld{t: t, server: server, got: make(chan report.Report, 100)}
	p.w = bottest.NewWorld(t, "email", email.PluginWith(change))
	server.Add(addressOf("zuerich"))
	server.Deliver(addressOf("zuerich"), p.mail("kontrolle von früher"), p.w.Core.Now())
	form := mailboxForm(server, "zuerich")
	for name, values := range extra {
		form[name] = values
	}
	if answer := settings(p.w, "zuerich", "/connect", form); answer.Header().Get("X-Message") == "" {
		t.Fatalf("connecting: %v", answer.Header())
	}
	return p
}

func unchanged(*email.Bot) {}

func (p *mailboxWorld) mail(text string) string {
	p.count++
	return fmt.Sprintf("Return-Path: <%[1]s>\nFrom: <%[1]s>\nMessage-ID: <%[2]d@rider.example>\nContent-Type: text/plain; charset=utf-8\n\n%[3]s\n", marta, p.count, text)
}

// run reads the mailbox as the supervisor would, until the test ends or stop is called.
func (p *mailboxWorld) run() (stop func()) {
	return testkit.Background(p.t, func(ctx context.Context) {
		for ctx.Err() == nil {
			err := p.w.Bot.(bots.Receiver).Recv(ctx, bots.Account{City: "zuerich"}, func(_ context.Context, r report.Report) error {
				if r.Dropped == "" {
					p.got <- r
				}
				return nil
			})
			if bots.AsError(err).Kind == bots.KindRevoked {
				return
			}
		}
	})
}

// recv reads the mailbox until Recv returns.
func (p *mailboxWorld) recv(out bots.Out) error {
	return p.w.Bot.(bots.Receiver).Recv(p.t.Context(), bots.Account{City: "zuerich"}, out)
}

func (p *mailboxWorld) deliver(raw string) {
	p.server.Deliver(addressOf("zuerich"), raw, p.w.Core.Now())
}

func (p *mailboxWorld) next(text string) report.Report {
	p.t.Helper()
	r := testkit.Next(p.t, p.got)
	if r.Text != text {
		p.t.Fatalf("got %q, want %q", r.Text, text)
	}
	return r
}

func TestAMailboxIsReadFromNowOnAndNotChanged(t *testing.T) {
	t.Parallel()
	p := newMailboxWorld(t, inboundtest.New(t), unchanged, nil)
	p.deliver(p.mail("kontrolle zwischen verbinden und lesen"))
	p.run()
	r := p.next("kontrolle zwischen verbinden und lesen")
	if !r.Private || r.Author != p.w.Core.Author("zuerich", marta, r.At) || strings.Contains(r.ID, "rider") {
		t.Errorf("report %+v", r)
	}
	p.deliver("Return-Path: <>\n" + strings.Replace(p.mail("kontrolle einer maschine"), "Return-Path", "X-Was", 1))
	p.deliver(strings.ReplaceAll(p.mail("kontrolle an uns selbst"), marta, addressOf("zuerich")))
	p.deliver(p.mail(strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/71)))
	p.deliver(p.mail("kontrolle danach"))
	p.next("kontrolle danach")
	if unseen := p.server.Unseen(addressOf("zuerich")); unseen != 6 {
		t.Errorf("%d of 6 mails are unread", unseen)
	}
	if log := p.w.Log.String(); strings.Contains(log, "rider.example") || strings.Contains(log, inboundtest.Password) || strings.Contains(log, "kontrolle") {
		t.Errorf("log:\n%s", log)
	}
}

func TestAMailWithTwoAuthorsInAMailboxIsDoubtful(t *testing.T) {
	t.Parallel()
	p := newMailboxWorld(t, inboundtest.New(t), unchanged, nil)
	p.run()
	p.deliver("From: <admin@rider.example>\n" + p.mail("kontrolle von zweien"))
	if r := p.next("kontrolle von zweien"); r.Spam == "" {
		t.Error("the report is not doubtful")
	}
	p.w.SetOption(t, "zuerich", "hold_spam", false)
	p.deliver("From: <admin@rider.example>\n" + p.mail("kontrolle von zweien"))
	if r := p.next("kontrolle von zweien"); r.Spam != "" {
		t.Errorf("the report is doubtful: %s", r.Spam)
	}
}

func TestAnAdminConnectsAMailboxWithEncryption(t *testing.T) {
	t.Parallel()
	certificate, trust := inboundtest.Certificate(t)
	for _, security := range []string{"tls", "starttls"} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			server := inboundtest.NewTLS(t, certificate, security == "tls")
			p := newMailboxWorld(t, server, func(b *email.Bot) { b.SetTLS(trust) }, url.Values{"security": {security}})
			p.w.Bot.(*email.Bot).SetTLS(nil)
			form := mailboxForm(server, "zuerich")
			form.Set("security", security)
			if answer := settings(p.w, "zuerich", "/connect", form); !strings.Contains(answer.Header().Get("X-Failed"), "does not answer") {
				t.Errorf("an untrusted certificate: %v", answer.Header())
			}
		})
	}
}

func TestAMailboxThatFailsIsReportedToTheSupervisor(t *testing.T) {
	t.Parallel()
	for fault, want := range map[inboundtest.Fault]bots.Error{
		inboundtest.Revoke: {Kind: bots.KindRevoked, RecvOnly: true, Say: "mailbox-login"},
		inboundtest.Refuse: {Kind: bots.KindRetryAfter, After: 10 * time.Minute, Say: "mailbox-login-unclear"},
		inboundtest.HTML:   {Kind: bots.KindRetry, Say: "mailbox-unreachable"},
	} {
		p := newMailboxWorld(t, inboundtest.New(t), unchanged, nil)
		p.server.Fail(fault)
		err := p.recv(nil)
		if e := bots.AsError(err); e.Kind != want.Kind || e.RecvOnly != want.RecvOnly || e.After != want.After || e.Say != want.Say {
			t.Errorf("%s: %+v", fault, e)
		}
		if strings.Contains(err.Error(), "post.example") {
			t.Errorf("the error repeats the login: %v", err)
		}
	}
}

func TestAnAdminConnectsChecksAndDisconnectsAMailbox(t *testing.T) {
	t.Parallel()
	server := inboundtest.New(t)
	p := newMailboxWorld(t, server, unchanged, nil)
	account := func() bots.Account {
		t.Helper()
		accounts, err := p.w.Bot.Accounts(t.Context())
		if err != nil || len(accounts) != 2 {
			t.Fatalf("accounts %v, %v", accounts, err)
		}
		return accounts[map[bool]int{true: 0, false: 1}[accounts[0].City == "zuerich"]]
	}
	connected := account()
	if connected.Label != "zuerich@post.example" || connected.Revision == "1" {
		t.Errorf("account %+v", connected)
	}
	if page := (visitor{t, p.w, "zuerich"}).get("/c/zuerich/email/").Body.String(); !strings.Contains(page, "zuerich@post.example") {
		t.Errorf("riders do not see the address:\n%s", page)
	}
	if answer := settings(p.w, "zuerich", "/check", nil); answer.Header().Get("X-Message") == "" || account().Revision == connected.Revision {
		t.Errorf("checking: %v", answer.Header())
	}
	ghent := mailboxForm(server, "zuerich")
	if answer := settings(p.w, "ghent", "/connect", ghent); !strings.Contains(answer.Header().Get("X-Failed"), "Another city") {
		t.Errorf("two cities with one mailbox: %v", answer.Header())
	}
	server.Fail(inboundtest.Revoke)
	if answer := settings(p.w, "zuerich", "/check", nil); !strings.Contains(answer.Header().Get("X-Failed"), "does not accept the user name and password") {
		t.Errorf("checking with a refused password: %v", answer.Header())
	}
	if answer := settings(p.w, "zuerich", "/disconnect", nil); answer.Header().Get("X-Message") == "" || account().Label != "zuerich@linienfunk.example" || account().Revision != "1" {
		t.Errorf("disconnecting: %v, %+v", answer.Header(), account())
	}
	if answer := settings(p.w, "zuerich", "/check", nil); answer.Header().Get("X-Failed") == "" {
		t.Errorf("checking no mailbox: %v", answer.Header())
	}
}

// unconnected returns a world without a connected mailbox, and a server with a mailbox for zuerich.
func unconnected(t testing.TB) (*bottest.World, *inboundtest.Server) {
	t.Helper()
	w, server := bottest.NewWorld(t, "email", email.Plugin()), inboundtest.New(t)
	server.Add(addressOf("zuerich"))
	return w, server
}

func TestAMailboxWithAWrongPasswordIsNotConnected(t *testing.T) {
	t.Parallel()
	w, server := unconnected(t)
	server.Fail(inboundtest.Revoke)
	answer := settings(w, "zuerich", "/connect", mailboxForm(server, "zuerich"))
	if said := answer.Header().Get("X-Failed"); !strings.Contains(said, "does not accept the user name and password") || !strings.Contains(said, "Nothing was changed") {
		t.Errorf("got %q", said)
	}
	if page := settings(w, "zuerich", "/check", nil); !strings.Contains(page.Header().Get("X-Failed"), "No mailbox") {
		t.Errorf("the mailbox is connected: %v", page.Header())
	}
}

func TestAMistakeInTheMailboxFormNamesItsField(t *testing.T) {
	t.Parallel()
	w, server := unconnected(t)
	said := map[string]string{"address": "not an e-mail address", "host": "name of a server", "port": "from 1 to 65535", "security": "encrypted",
		"password": "user name and password", "login": "user name and password"}
	for field, values := range map[string][]string{
		"address": {"", "quatsch", "no address", "a@b"}, "host": {"", "a b", "imap.example/x", "user@imap.example", "imap.example:993", strings.Repeat("a.", 200)},
		"port": {"0", "x", "65536", "99999", "-1"}, "security": {"", "ssl"}, "password": {"", strings.Repeat("x", 1001), "a\r\nb"}, "login": {"a\nb"},
	} {
		for _, value := range values {
			form := mailboxForm(server, "zuerich")
			form.Set(field, value)
			if answer := settings(w, "zuerich", "/connect", form); !strings.Contains(answer.Header().Get("X-Failed"), said[field]) {
				t.Errorf("%s %.20q: %v", field, value, answer.Header())
			}
		}
	}
	if server.Logins() != 0 {
		t.Error("the server was called")
	}
}
