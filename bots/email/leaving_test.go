package email_test

import (
	"strings"
	"testing"
	"time"
)

// answer is a person's answer to one of our mails.
func answer(id, text string) string {
	return strings.Replace(rawMail("Subject: Re: [Zürich] Kontrolle U8\nIn-Reply-To: <x@linienfunk.example>\n", text), "<1@", "<"+id+"@", 1)
}

func TestASubscriberWhoAnswersUnsubscribeGetsTheLinkToLeave(t *testing.T) {
	t.Parallel()
	s := serve(t)
	v := visitor{t, s.w, "zuerich"}
	v.subscribe(marta)
	s.w.Advance(time.Hour)
	before := len(s.w.Mails.All())
	c := s.hello()
	c.Mail(marta, zuerich, answer("a", "Abmelden\n\n> [Zürich] Kontrolle U8"), "250")
	c.Mail(marta, zuerich, answer("b", "Abmelden!"), "250") // a second mail is not due yet
	c.Mail("other@rider.example", zuerich, strings.Replace(answer("c", "stop"), marta, "other@rider.example", 1), "250")
	if got := s.w.Mails.All()[before:]; len(got) != 1 || got[0].To != marta || got[0].Header["X-Loop"] == "" {
		t.Fatalf("mails %+v", got)
	}
	if got, dropped := s.out.All(), s.out.Dropped(); len(got) != 0 || len(dropped) != 3 || dropped[0].Dropped != "asks to unsubscribe" {
		t.Errorf("stored %+v, dropped %+v", got, dropped)
	}
	v.submit(v.link(marta, "unsubscribe"))
	if got := v.broadcast(v.report("1")); len(got) != 0 {
		t.Errorf("still subscribed: %+v", got)
	}
}

func TestOnlyWordsThatSayNothingElseAskToLeave(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	for i, text := range []string{
		"Abmelden", "Bitte abmelden.", "bitte melde mich ab", "unsubscribe", "Please unsubscribe me from this list, thanks!", "STOP", "Désabonner", "Darme de baja", "отписаться",
		"remove me from the list please", "Abmelden Newsletter", "Uitschrijven",
	} {
		c.Mail(marta, zuerich, answer(string(rune('a'+i)), text), "250")
		if got := s.out.Dropped(); len(got) != i+1 {
			t.Fatalf("%q is no wish to leave", text)
		}
		s.w.Advance(time.Minute)
	}
	for i, text := range []string{"Stop am Zoo", "Kontrolle, bitte abmelden", "Stop\nKontrolle U8", "Kontrolle stop Hauptbahnhof"} {
		c.Mail(marta, zuerich, answer(string(rune('A'+i)), text), "250")
		if got := s.out.All(); len(got) != i+1 {
			t.Errorf("%q is no report", text)
		}
		s.w.Advance(time.Minute)
	}
}
