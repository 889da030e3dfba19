package email_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/email"
	"linienfunk/bots/kit"
	"linienfunk/mail"
	"linienfunk/mail/inbound/inboundtest"
)

// submissionWorld is a city with a mailbox that can send, and a fake of mail.Service's TrySubmission.
type submissionWorld struct {
	visitor
	server *inboundtest.Server
	tried  []mail.Submission
	answer error
	warned []string // city, key and text
}

func newSubmissionWorld(t testing.TB) *submissionWorld {
	o := &submissionWorld{visitor: newVisitor(t), server: inboundtest.New(t)}
	o.server.Add(addressOf("zuerich"))
	o.w.Mail.TrySubmission = func(_ context.Context, s mail.Submission) error {
		o.tried = append(o.tried, s)
		return o.answer
	}
	o.w.Mail.Warn = func(_ context.Context, city, key, say string) { o.warned = append(o.warned, city+" "+key+" "+say) }
	o.w.Restart(t)
	return o
}

func (o *submissionWorld) form() url.Values {
	form := mailboxForm(o.server, "zuerich")
	form.Set("smtp_host", "smtp.post.example")
	form.Set("smtp_security", "starttls")
	return form
}

// send sends a report to the one subscriber.
func (o *submissionWorld) send(id string) mail.Message {
	o.t.Helper()
	mails := o.broadcast(o.report(id))
	if len(mails) != 1 {
		o.t.Fatalf("%d mails", len(mails))
	}
	return mails[0]
}

func TestMailsComeFromTheCitysMailboxIfItSends(t *testing.T) {
	t.Parallel()
	o := newSubmissionWorld(t)
	o.subscribe("rider@example.org")
	want(t, settings(o.w, "zuerich", "/connect", mailboxForm(o.server, "zuerich")), 303, "X-Message", "connected")
	if sent := o.send("1"); sent.From != "zuerich" || sent.Route != "" || len(o.tried) > 0 {
		t.Errorf("a mailbox that is only read sends: %+v", sent)
	}
	want(t, settings(o.w, "zuerich", "/connect", o.form()), 303, "X-Message", "connected")
	sent := o.send("2")
	if sent.From != addressOf("zuerich") || sent.Route == "" || sent.BounceID == "" {
		t.Errorf("from %s by %q", sent.From, sent.Route)
	}
	s, err := o.w.Bot.(mail.Network).Submission(t.Context(), sent.Route)
	if err != nil || s.Server != "smtp.post.example:587" || s.Security != mail.StartTLS || s.User != addressOf("zuerich") ||
		s.Password != inboundtest.Password || s.Sender != sent.From || s.TLS.ServerName != "smtp.post.example" {
		t.Errorf("got %+v, %v", s, err)
	}
	if len(o.tried) != 1 || o.tried[0].Server != s.Server || o.tried[0].Password != s.Password {
		t.Errorf("tried %+v", o.tried)
	}
	o.ask("other@example.org")
	mails := o.w.Mails.All()
	if last := mails[len(mails)-1]; last.To != "other@example.org" || last.From != sent.From || last.Route != sent.Route {
		t.Errorf("the confirmation mail is from %s by %q", last.From, last.Route)
	}
	want(t, settings(o.w, "zuerich", "/disconnect", nil), 303, "X-Message", "")
	if _, err := o.w.Bot.(mail.Network).Submission(t.Context(), sent.Route); !errors.Is(err, mail.ErrNoRoute) {
		t.Errorf("the route of a disconnected mailbox: %v", err)
	}
	if sent := o.send("3"); sent.From != "zuerich" || sent.Route != "" {
		t.Errorf("from %s by %q", sent.From, sent.Route)
	}
	if strings.Contains(o.w.Log.String(), "rider@") || strings.Contains(o.w.Log.String(), inboundtest.Password) {
		t.Errorf("log:\n%s", o.w.Log.String())
	}
}

func TestAMailboxThatMayNotSendIsNotConnected(t *testing.T) {
	t.Parallel()
	o := newSubmissionWorld(t)
	o.subscribe("rider@example.org")
	for _, c := range []struct {
		answer error
		say    string
	}{
		{bots.Revoked("", errors.New("AUTH: answered 535")), "user name and password"},
		{bots.Retry("", errors.New("connection refused")), "does not answer"},
	} {
		o.answer = c.answer
		want(t, settings(o.w, "zuerich", "/connect", o.form()), 303, "X-Failed", c.say)
		if sent := o.send(c.say); sent.Route != "" {
			t.Error("the mailbox sends")
		}
	}
	o.answer = nil
	said := map[string]string{"smtp_host": "name of a server", "smtp_port": "from 1 to 65535", "smtp_security": "encrypted"}
	for field, values := range map[string][]string{
		"smtp_host": {"a b", "smtp.example/x", "smtp.example:465"}, "smtp_port": {"0", "x", "65536"}, "smtp_security": {"", "ssl"},
	} {
		for _, value := range values {
			form := o.form()
			form.Set(field, value)
			want(t, settings(o.w, "zuerich", "/connect", form), 303, "X-Failed", said[field])
		}
	}
}

func TestACitysMailsAreSentByTheProgramWhileItsProviderRefusesTheLogin(t *testing.T) {
	t.Parallel()
	o := newSubmissionWorld(t)
	o.subscribe("rider@example.org")
	want(t, settings(o.w, "zuerich", "/connect", o.form()), 303, "X-Message", "connected")
	submitter := o.w.Bot.(mail.Network)
	route := o.send("1").Route
	submitter.SubmissionRefused(t.Context(), "zuerich before") // of a connection from before the last change
	if sent := o.send("2"); sent.Route != route || len(o.warned) > 0 {
		t.Errorf("by %q, warned %q", sent.Route, o.warned)
	}
	submitter.SubmissionRefused(t.Context(), route)
	if sent := o.send("3"); sent.Route != "" || sent.From != "zuerich" {
		t.Errorf("from %s by %q", sent.From, sent.Route)
	}
	if len(o.warned) != 1 || o.warned[0] != route+" submission-refused" {
		t.Errorf("warned %q", o.warned)
	}
	o.w.Advance(time.Hour)
	if sent := o.send("4"); sent.Route != route {
		t.Errorf("an hour later by %q", sent.Route)
	}
	submitter.SubmissionRefused(t.Context(), route)
	want(t, settings(o.w, "zuerich", "/check", nil), 303, "X-Message", "")
	if sent := o.send("5"); sent.Route == "" || sent.Route == route {
		t.Errorf("after a check by %q", sent.Route)
	}
}

func TestMailboxesOfOlderVersionsDoNotSend(t *testing.T) {
	t.Parallel()
	db := bottest.NewWorld(t, "email", email.Plugin()).Core.DB
	for _, column := range []string{"submit_host", "submit_port", "submit_security", "refused_at"} {
		if err := db.Migrator().DropColumn(&email.Mailbox{}, column); err != nil {
			t.Fatal(err)
		}
	}
	old := email.Mailbox{Base: kit.Base{City: "zuerich", Revision: "1"}, Address: addressOf("zuerich"), Host: "imap.post.example", Port: 993, Security: "tls", Login: "melden",
		Password: []byte("sealed")}
	var found email.Mailbox
	if err := errors.Join(
		db.Omit("SubmitHost", "SubmitPort", "SubmitSecurity", "RefusedAt").Create(&old).Error,
		email.Plugin().Migrations[5].Migrate(db), db.Take(&found).Error,
	); err != nil {
		t.Fatal(err)
	}
	if found.Host != old.Host || found.SubmitHost != "" || found.RefusedAt != 0 {
		t.Errorf("got %+v", found)
	}
}
