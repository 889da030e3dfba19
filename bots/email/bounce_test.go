package email_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots/bottest"
	"linienfunk/mail"
	"linienfunk/mail/inbound/inboundtest"
	"linienfunk/report"
)

// bounceHandler is a fake of the mailer that knows two bounce addresses.
type bounceHandler struct {
	mu      sync.Mutex
	err     error
	failFor string // local part that err is for; empty for all
	handled []string
}

func (r *bounceHandler) Known(_ context.Context, local string) (bool, error) {
	return strings.EqualFold(local, "bounce+1") || strings.EqualFold(local, "bounce+2"), nil
}

func (r *bounceHandler) Handle(_ context.Context, local string, message []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil && (r.failFor == "" || r.failFor == local) {
		return r.err
	}
	r.handled = append(r.handled, local+": "+string(message))
	return nil
}

func (r *bounceHandler) HandleFor(ctx context.Context, id string, message []byte) error {
	return r.Handle(ctx, id, message)
}

func (r *bounceHandler) set(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// all returns the local parts of the handled bounces.
func (r *bounceHandler) all() (locals []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.handled {
		local, _, _ := strings.Cut(one, ":")
		locals = append(locals, local)
	}
	return locals
}

func TestABounceIsHandedToTheMailerAndIsNotAReport(t *testing.T) {
	t.Parallel()
	back := &bounceHandler{}
	s := serve(t, func(w *bottest.World) { w.Mail.Bounces = back })
	c := s.hello()
	back.set(errors.New("disk full"))
	c.Mail("", "bounce+1@linienfunk.example", rawMail("", "undeliverable"), "451")
	back.set(nil)
	c.Mail("", "bounce+1@linienfunk.example", rawMail("", "undeliverable"), "250")
	c.Mail("", zuerich, rawMail("", "somebody's bounce"), "250")
	c.Say("MAIL FROM:<>", "250")
	c.Say("RCPT TO:<bounce+3@linienfunk.example>", "550")
	c.Say("RCPT TO:<bounce+1@example.org>", "554")
	if len(back.handled) != 1 || !strings.HasPrefix(back.handled[0], "bounce+1: ") || !strings.Contains(back.handled[0], "undeliverable") {
		t.Errorf("handled: %q", back.handled)
	}
	if all := s.out.All(); len(all) > 0 {
		t.Errorf("stored: %v", all)
	}
}

func TestABounceThatAlsoGoesToACityIsCountedOnceWhenItsMailIsRepeated(t *testing.T) {
	t.Parallel()
	back := &bounceHandler{}
	s := serve(t, func(w *bottest.World) { w.Mail.Bounces = back })
	c := s.hello()
	try := func(prefix string) {
		t.Helper()
		c.Envelope(marta, "bounce+1@linienfunk.example", zuerich, "bounce+1@linienfunk.example")
		c.Data(rawMail("", "kontrolle"))
		c.Want(prefix)
	}
	s.out.FailWith(errors.New("disk full"))
	try("451")
	s.out.FailWith(nil)
	try("250")
	if got := back.all(); len(got) != 1 || len(s.out.All()) != 1 {
		t.Errorf("handled %q, stored %+v", got, s.out.All())
	}
}

func TestABounceInACitysMailboxIsCountedAndIsNotAReport(t *testing.T) {
	t.Parallel()
	back := &bounceHandler{}
	p := newMailboxWorld(t, inboundtest.New(t), unchanged, nil)
	p.w.Mail.Bounces = back
	p.w.Restart(t)
	v := visitor{t, p.w, "zuerich"}
	v.subscribe("gone@rider.example")
	mails := v.broadcast(v.report("1"))
	link := mails[0].Header["List-Unsubscribe"]
	bounce := func(link string) string {
		return "Return-Path: <>\nFrom: Mail Delivery System <postmaster@post.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
			"--b\n\nkontrolle kam nicht an\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; post.example\n\n" +
			"Final-Recipient: rfc822; gone@rider.example\nAction: failed\nStatus: 5.1.1\n--b\nContent-Type: message/rfc822\n\n" +
			"List-Unsubscribe: " + link + "\nSubject: kontrolle\n\nkontrolle\n--b--\n"
	}
	full := errors.New("disk full")
	back.set(full)
	p.deliver(bounce(link))
	if err := p.recv(nil); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	back.set(nil)
	p.run()
	forged := strings.Replace(link, "unsubscribe?t=", "unsubscribe?t=0", 1)
	for _, other := range []string{"", forged, link[:len(link)-8], strings.ReplaceAll(link, "/zuerich/", "/ghent/")} {
		p.deliver(bounce(other))
	}
	p.deliver(p.mail("kontrolle danach"))
	p.next("kontrolle danach")
	if got := back.all(); len(got) != 1 || got[0] != mails[0].BounceID {
		t.Errorf("handled %q", got)
	}
}

func TestAnAddressThatBouncesIsUnsubscribed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v := visitor{t, s.w, "zuerich"}
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		bounce mail.Bounce
		gone   bool
	}{
		"hard":      {mail.Bounce{Hard: true}, true},
		"full":      {mail.Bounce{Soft: 1, First: first, Last: first}, false},
		"full-long": {mail.Bounce{Soft: 3, First: first, Last: first.Add(72 * time.Hour)}, true},
	} {
		v.subscribe(name + "@rider.example")
		mails := v.broadcast(report.Report{ID: name, City: "zuerich", Bot: "web", Text: "kontrolle", At: s.w.Core.Now()})
		if len(mails) == 0 {
			t.Fatal("no mail")
		}
		id := ""
		for _, one := range mails {
			if one.To == name+"@rider.example" {
				id = one.BounceID
			}
		}
		if id == "" || strings.Contains(id, "@") {
			t.Errorf("id %q", id)
		}
		if err := s.w.Bot.(mail.Network).Bounced(t.Context(), id, c.bounce); err != nil {
			t.Fatal(err)
		}
		sent := false
		for _, one := range v.broadcast(report.Report{ID: name + "2", City: "zuerich", Bot: "web", Text: "kontrolle", At: s.w.Core.Now()}) {
			sent = sent || one.To == name+"@rider.example"
		}
		if sent == c.gone {
			t.Errorf("%s: another mail: %v", name, sent)
		}
	}
}
