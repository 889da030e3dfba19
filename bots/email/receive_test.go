package email_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
)

// failingCities fails to look up one of the cities.
type failingCities struct {
	bots.Cities
	name string
}

func (f failingCities) City(ctx context.Context, name string) (bots.City, bool, error) {
	if name == f.name {
		return bots.City{}, false, errors.New("database is gone")
	}
	return f.Cities.City(ctx, name)
}

func TestAReportIsPrivateAndPseudonymous(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle u8"), "250")
	got := s.out.All()
	if len(got) != 1 || got[0].Text != "kontrolle u8" || s.out.Cities()[0] != "zuerich" {
		t.Fatalf("stored %+v", got)
	}
	r := got[0]
	if !r.Private || r.Ref != "" || r.URL != "" || r.City != "" || r.Bot != "" {
		t.Errorf("report %+v", r)
	}
	if r.Author != s.w.Core.Author("zuerich", marta, r.At) {
		t.Errorf("author %q", r.Author)
	}
	if strings.Contains(r.ID, "rider") || strings.Contains(r.ID, "marta") {
		t.Errorf("id %q", r.ID)
	}
}

func TestAMailForTwoCitiesMakesAReportForEach(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Envelope(marta, zuerich, "ghent@linienfunk.example", "zuerich+again@linienfunk.example")
	c.Data(rawMail("", "kontrolle"))
	c.Want("250")
	got, cities := s.out.All(), s.out.Cities()
	if len(got) != 2 || cities[0] == cities[1] || got[0].ID == got[1].ID {
		t.Errorf("stored %+v for %v", got, cities)
	}
}

func TestAMailThatIsNotStoredIsNotAcceptedAndKeepsItsID(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"with Message-ID": "", "without": "x"} {
		t.Run(name, func(t *testing.T) {
			message := rawMail("", "kontrolle")
			if header != "" {
				message = "From: " + marta + "\nDate: Sat, 21 Nov 2026 08:15:00 +0100\n\nkontrolle\n"
			}
			s := serve(t)
			c := s.hello()
			c.Mail(marta, zuerich, message, "250")
			s.out.FailWith(errors.New("disk full"))
			c.Mail(marta, zuerich, message, "451 4.3.0")
			s.out.FailWith(nil)
			s.w.Advance(time.Hour)
			c.Mail(marta, zuerich, message, "250")
			c.Mail(marta, zuerich, strings.Replace(strings.Replace(message, "1@rider", "2@rider", 1), "08:15", "08:16", 1), "250")
			got := s.out.All()
			if len(got) != 3 || got[0].ID != got[1].ID || got[1].ID == got[2].ID {
				t.Errorf("stored %+v", got)
			}
		})
	}
}

func TestTheSameMessageIDByAnotherAuthorOrAtAnotherTimeIsAnotherReport(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	mail := func(from, date string) {
		c.Mail(from, zuerich, "From: "+from+"\nDate: Sat, 21 Nov 2026 "+date+" +0100\nMessage-ID: <sensor@device.example>\n\nkontrolle\n", "250")
	}
	mail(marta, "08:15:00")
	mail(marta, "08:15:00") // delivered again
	mail(marta, "09:15:00")
	mail("jan@rider.example", "08:15:00")
	ids := map[string]bool{}
	for _, r := range s.out.All() {
		ids[r.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d reports", len(ids))
	}
}

func TestAutomaticMailsAreAcceptedAndRecordedWithTheReason(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	const whole, none = "kontrolle", ""
	for i, m := range []struct{ from, header, reason, text string }{
		{"", "", "empty return path", none},
		{marta, "Auto-Submitted: auto-replied (vacation)\n", "Auto-Submitted: auto-replied", none},
		{marta, "Auto-Submitted: Auto-Generated; x=y\n", "Auto-Submitted", whole},
		{marta, "Precedence: BULK\n", "Precedence", whole},
		{marta, "List-Id: <l.example>\n", "mailing list", whole},
		{marta, "X-Loop: anything\n", "loop", whole},
		{"MAILER-DAEMON@rider.example", "", "mail server", whole},
		{marta, "Content-Type: multipart/report; boundary=b\n", "multipart/report", none},
		{marta, "Subject: Abwesenheitsnotiz: [Zürich] Kontrolle\n", "subject of an automatic reply", none},
		{marta, "Subject: Nachricht: [Zürich] Kontrolle\n", "subject of a mail of ours", "Nachricht: [Zürich] Kontrolle\nkontrolle"},
		{zuerich, "", "one of our own addresses", whole},
		{"zuerich+x@linienfunk.example", "", "one of our own addresses", whole},
	} {
		c.Mail(m.from, zuerich, rawMail(m.header, "kontrolle"), "250")
		got := s.out.Dropped()
		if len(got) != i+1 || got[i].Dropped != m.reason || got[i].Text != m.text || (got[i].Author == "") != (m.text == none) || got[i].ID == "" {
			t.Fatalf("%+v: recorded %+v", m, got[min(i, len(got)):])
		}
		if i%5 == 4 {
			s.w.Advance(5 * time.Minute) // below the author's limit
		}
	}
	c.Mail(marta, zuerich, "From: zuerich@linienfunk.example\n\nkontrolle\n", "250")
	if got := s.out.All(); len(got) > 0 {
		t.Fatalf("stored %+v", got)
	}
	c.Mail(marta, zuerich, rawMail("Auto-Submitted: no\nPrecedence: first-class\n", "kontrolle"), "250")
	c.Mail(marta, zuerich, rawMail("", ""), "250")
	if got := s.out.All(); len(got) != 1 {
		t.Errorf("a person's mail is dropped, or one without text is not: %+v", got)
	}
	if strings.Contains(s.w.Log.String(), "rider.example") {
		t.Errorf("the log has an address:\n%s", s.w.Log.String())
	}
}

func TestTheCopyOfAMailThatCameThroughAMailingListDoesNotHideTheReport(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Mail(marta, zuerich, rawMail("List-Id: <l.example>\n", "kontrolle"), "250")
	c.Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
	if got, dropped := s.out.All(), s.out.Dropped(); len(got) != 1 || len(dropped) != 1 || got[0].ID == dropped[0].ID {
		t.Errorf("stored %+v, dropped %+v", got, dropped)
	}
}

func TestAFloodOfAutomaticMailsIsAcceptedAndNotRecorded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	for i := range 15 {
		c.Mail(marta, zuerich, strings.Replace(rawMail("Precedence: bulk\n", "kontrolle"), "<1@", fmt.Sprintf("<%d@", i), 1), "250")
	}
	if got := s.out.Dropped(); len(got) != 10 {
		t.Errorf("%d recorded", len(got))
	}
}

func TestALateMailKeepsTheTimeWhenItWasWritten(t *testing.T) {
	t.Parallel()
	s := serve(t)
	written := s.w.Core.Now().Add(-30 * time.Hour).Truncate(time.Second)
	s.hello().Mail(marta, zuerich, rawMail("Date: "+written.Format(time.RFC1123Z)+"\n", "kontrolle"), "250")
	got := s.out.All()
	if len(got) != 1 || !got[0].At.Equal(written) || got[0].Author != s.w.Core.Author("zuerich", marta, written) {
		t.Errorf("stored %+v, not of %s", got, written)
	}
}

func TestOneAuthorCannotFloodACity(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	send := func(author, to string, number int, prefix string) {
		t.Helper()
		message := strings.Replace(rawMail("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", number), 1)
		c.Mail(marta, to, strings.Replace(message, marta, author, 1), prefix)
	}
	for i := range 10 {
		send(marta, zuerich, i, "250")
		send(marta, zuerich, i, "250") // again
	}
	send(marta, zuerich, 10, "450 4.7.1")
	send(marta, "ghent@linienfunk.example", 10, "250")
	send("other@rider.example", zuerich, 11, "250")
	s.w.Advance(15 * time.Second)
	send(marta, zuerich, 10, "250")
	send(marta, zuerich, 12, "450 4.7.1")
	if got := s.out.All(); len(got) != 23 {
		t.Errorf("%d reports", len(got))
	}
}

func TestAMailWhoseAuthorCannotBeCheckedIsDeferred(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w *bottest.World) { w.Core.Cities = failingCities{w.Core.Cities, "admin"} })
	s.hello().Mail("admin@linienfunk.example", zuerich, rawMail("", "kontrolle"), "451 4.3.0")
	if got := s.out.All(); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
}

// Package inbound tests which mails are doubtful.
func TestADoubtfulReportIsMarkedUnlessTheCityDisabledThat(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.w.SetOption(t, "zuerich", "hold_spam", false)
	c := s.hello()
	for _, to := range []string{zuerich, "ghent@linienfunk.example"} {
		c.Mail(marta, to, rawMail("From: admin@rider.example\n", "kontrolle"), "250")
	}
	if got := s.out.All(); len(got) != 2 || got[0].Spam != "" || got[1].Spam != "From: several authors" {
		t.Errorf("stored %+v", got)
	}
}

func TestAMailFromABlockedSenderGetsAReasonAndIsNoReport(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.w.Blocks.Senders.Store(true)
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle u8"), "550 5.7.1 The operator of this server accepts no mail from this sender")
	if got := s.out.All(); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
	s.w.Blocks.Senders.Store(false)
	s.hello().Mail(marta, zuerich, rawMail("", "kontrolle u8"), "250")
}
