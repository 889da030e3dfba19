package email_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"linienfunk/bots/bottest"
	"linienfunk/internal/testkit"
)

// serveLMTP is serve with LMTP on a socket; its address is the socket's.
func serveLMTP(t testing.TB, prepare ...func(*bottest.World)) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "lmtp")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := serve(t, append(prepare, func(w *bottest.World) { w.Core.Config["lmtp"] = "unix:" + socket })...)
	s.network, s.address = "unix", socket
	testkit.Eventually(t, "the socket is there", func() bool {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return s
}

func (s *server) lmtp() *client {
	s.t.Helper()
	c := s.dial()
	c.want("220")
	c.say("LHLO mx.example", "250")
	return c
}

// deliver says a mail by LMTP and returns the answers, one for each recipient.
func (c *client) deliver(message string, recipients ...string) (answers []string) {
	c.t.Helper()
	c.say("MAIL FROM:<"+marta+">", "250")
	for _, to := range recipients {
		c.say("RCPT TO:<"+to+">", "250")
	}
	c.say("DATA", "354")
	w := c.DotWriter()
	io.WriteString(w, message)
	w.Close()
	for range recipients {
		answers = append(answers, c.want(""))
	}
	return answers
}

func TestAMailComesByLMTP(t *testing.T) {
	s := serveLMTP(t)
	conn, err := net.Dial("unix", s.address)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.SendMail(marta, []string{zuerich}, strings.NewReader(letter("", "kontrolle über lmtp"))); err != nil {
		t.Fatal(err)
	}
	got := s.all()
	if len(got) != 1 || got[0].Text != "kontrolle über lmtp" || got[0].city != "zuerich" || !got[0].Private {
		t.Errorf("stored %+v", got)
	}
}

func TestEachRecipientGetsItsOwnAnswer(t *testing.T) {
	s := serveLMTP(t)
	s.set(func() { s.failCity, s.fail = "ghent", errors.New("disk full") })
	c := s.lmtp()
	c.say("MAIL FROM:<"+marta+">", "250")
	c.say("RCPT TO:<berlin@linienfunk.example>", "550 5.1.1")
	c.say("RCPT TO:<victim@other.example>", "554 5.7.1")
	recipients := []string{"ghent@linienfunk.example", zuerich, "zuerich+x@linienfunk.example", zuerich}
	answers := c.deliver(letter("", "kontrolle"), recipients...)
	for i, prefix := range []string{"451 4.3.0 <ghent@", "250 2.0.0 <zuerich@", "250 2.0.0 <zuerich+x@", "250 2.0.0 <zuerich@"} {
		if !strings.HasPrefix(answers[i], prefix) {
			t.Errorf("answer %d is %q", i, answers[i])
		}
	}
	if got := s.all(); len(got) != 1 || got[0].city != "zuerich" {
		t.Errorf("stored %+v", got)
	}
	s.set(func() { s.fail = nil })
	if answers := c.deliver(letter("", "kontrolle"), recipients[:1]...); !strings.HasPrefix(answers[0], "250") {
		t.Errorf("answers %q", answers)
	}
	if got := s.all(); len(got) != 2 || got[1].city != "ghent" {
		t.Errorf("stored %+v", got)
	}
}

func TestABounceGetsItsOwnAnswerBesideCities(t *testing.T) {
	back := &returns{bad: "bounce+2"}
	s := serveLMTP(t, func(w *bottest.World) { w.Mail.Bounces = back })
	c := s.lmtp()
	c.say("MAIL FROM:<"+marta+">", "250")
	c.say("RCPT TO:<bounce+3@linienfunk.example>", "550 5.1.1")
	recipients := []string{"bounce+2@linienfunk.example", zuerich, "bounce+1@linienfunk.example", "Bounce+1@linienfunk.example", "ghent@linienfunk.example"}
	for _, step := range []struct {
		bounces, ghent error
		answers        string
		taken          int
	}{
		{errors.New("disk full"), nil, "451 250 250 250 250", 1},
		{nil, errors.New("disk full"), "250 250 250 250 451", 2},
	} {
		back.set(step.bounces)
		back.taken = nil
		s.set(func() { s.failCity, s.fail = "ghent", step.ghent })
		answers := c.deliver(letter("", "kontrolle"), recipients...)
		for i, prefix := range strings.Fields(step.answers) {
			if !strings.HasPrefix(answers[i], prefix) || !strings.Contains(answers[i], "<"+recipients[i]+">") {
				t.Errorf("answer %d is %q, want %s", i, answers[i], prefix)
			}
		}
		if got := back.all(); len(got) != step.taken {
			t.Errorf("taken for %q", got)
		}
	}
	if got := s.all(); len(got) != 3 {
		t.Errorf("stored %+v", got)
	}
}

func TestABounceIsTakenEvenIfTheMailIsNoReport(t *testing.T) {
	back := &returns{}
	s := serveLMTP(t, func(w *bottest.World) { w.Mail.Bounces = back })
	c := s.lmtp()
	for _, message := range []string{letter("Auto-Submitted: auto-replied\n", "undeliverable"), letter("Content-Type: multipart/report\n", "undeliverable")} {
		for i, answer := range c.deliver(message, "bounce+1@linienfunk.example", zuerich) {
			if !strings.HasPrefix(answer, "250") {
				t.Errorf("answer %d is %q", i, answer)
			}
		}
	}
	if got := back.all(); len(got) != 2 || len(s.all()) != 0 {
		t.Errorf("taken for %q, stored %+v", got, s.all())
	}
}

func TestAMailThatIsDroppedOrRefusedIsSoForEachRecipient(t *testing.T) {
	s := serveLMTP(t)
	c := s.lmtp()
	both := []string{zuerich, "ghent@linienfunk.example"}
	for prefix, message := range map[string]string{
		"250":       letter("Auto-Submitted: auto-replied\n", "kontrolle"),
		"552 5.3.4": letter("", strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/70)),
	} {
		for i, answer := range c.deliver(message, both...) {
			if !strings.HasPrefix(answer, prefix) {
				t.Errorf("answer %d is %q, want %s", i, answer, prefix)
			}
		}
	}
	if got := s.all(); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
}

func TestMailsInChunksComeByLMTP(t *testing.T) {
	s := serveLMTP(t)
	c := s.lmtp()
	for i := range 2 {
		message := strings.ReplaceAll(strings.Replace(letter("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", i), 1), "\n", "\r\n")
		c.say("MAIL FROM:<"+marta+">", "250")
		c.say("RCPT TO:<"+zuerich+">", "250")
		c.say("RCPT TO:<ghent@linienfunk.example>", "250")
		c.PrintfLine("BDAT %d LAST", len(message))
		io.WriteString(c.W, message)
		c.W.Flush()
		c.want("250")
		c.want("250")
	}
	if got := s.all(); len(got) != 4 {
		t.Errorf("stored %+v", got)
	}
}

func TestAClientOfTheOtherProtocolIsToldSo(t *testing.T) {
	s := serveLMTP(t)
	c := s.dial()
	c.want("220")
	c.say("EHLO mx.example", "500 5.5.1")
	s.stop()
	if _, err := os.Stat(s.address); err == nil {
		t.Error("the socket is still there")
	}
}

func TestAMailServerMayHaveManyConnections(t *testing.T) {
	s := serveLMTP(t)
	for range 40 {
		s.lmtp()
	}
}
