package inbound_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
)

// serveLMTP is serve with LMTP on a socket; its address is the socket's.
func serveLMTP(t testing.TB, prepare ...func(*server)) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "lmtp") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	s := serve(t, append(prepare, func(s *server) {
		if s.LMTP, err = inbound.ParseLMTP("unix:" + socket); err != nil {
			t.Fatal(err)
		}
	})...)
	s.network, s.address = "unix", socket
	testkit.Eventually(t, "the socket accepts connections", func() bool {
		conn, err := net.Dial("unix", socket)
		return err == nil && conn.Close() == nil
	})
	return s
}

func TestAMailArrivesByLMTP(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	conn, err := net.Dial("unix", s.address)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.SendMail(marta, []string{zuerich}, strings.NewReader(rawMail("", "kontrolle über lmtp"))); err != nil {
		t.Fatal(err)
	}
	got := s.all()
	if len(got) != 1 || got[0].text != "kontrolle über lmtp" || got[0].to != "zuerich" {
		t.Errorf("stored %+v", got)
	}
}

func TestEachRecipientGetsItsOwnAnswer(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	s.failing("ghent", errors.New("disk full"))
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<berlin@linienfunk.example>", "550 5.1.1")
	c.Say("RCPT TO:<victim@other.example>", "554 5.7.1")
	recipients := []string{ghent, zuerich, "zuerich+x@linienfunk.example", zuerich}
	answers := c.Deliver(marta, rawMail("", "kontrolle"), recipients...)
	for i, prefix := range []string{"451 4.3.0 <ghent@", "250 2.0.0 <zuerich@", "250 2.0.0 <zuerich+x@", "250 2.0.0 <zuerich@"} {
		if !strings.HasPrefix(answers[i], prefix) {
			t.Errorf("answer %d is %q", i, answers[i])
		}
	}
	if got := s.all(); len(got) != 1 || got[0].to != "zuerich" {
		t.Errorf("stored %+v", got)
	}
	s.failing("ghent", nil)
	if answers := c.Deliver(marta, rawMail("", "kontrolle"), recipients[:1]...); !strings.HasPrefix(answers[0], "250") {
		t.Errorf("answers %q", answers)
	}
	if got := s.all(); len(got) != 2 || got[1].to != "ghent" {
		t.Errorf("stored %+v", got)
	}
}

func TestARawRecipientGetsItsOwnAnswerBesideOthers(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<bounce+3@linienfunk.example>", "550 5.1.1")
	recipients := []string{"bounce+2@linienfunk.example", zuerich, "bounce+1@linienfunk.example", "Bounce+1@linienfunk.example", ghent}
	for _, step := range []struct {
		bounces, ghent error
		answers        string
		taken          int
	}{
		{errors.New("disk full"), nil, "451 250 250 250 250", 1},
		{nil, errors.New("disk full"), "250 250 250 250 451", 2},
	} {
		s.failing("bounce+2", step.bounces)
		s.failing("ghent", step.ghent)
		before := len(s.raw())
		answers := c.Deliver(marta, rawMail("", "kontrolle"), recipients...)
		for i, prefix := range strings.Fields(step.answers) {
			if !strings.HasPrefix(answers[i], prefix) || !strings.Contains(answers[i], "<"+recipients[i]+">") {
				t.Errorf("answer %d is %q, want %s", i, answers[i], prefix)
			}
		}
		if got := s.raw()[before:]; len(got) != step.taken {
			t.Errorf("bounces %q", got)
		}
	}
	s.wantStored(3)
}

func TestABounceIsDeliveredEvenIfRecipientsDropTheMail(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	c := s.hello()
	for _, message := range []string{rawMail("Auto-Submitted: auto-replied\n", "undeliverable"), rawMail("Content-Type: multipart/report\n", "undeliverable")} {
		for i, answer := range c.Deliver(marta, message, "bounce+1@linienfunk.example", zuerich) {
			if !strings.HasPrefix(answer, "250") {
				t.Errorf("answer %d is %q", i, answer)
			}
		}
	}
	if got := s.raw(); len(got) != 2 || len(s.all()) != 0 {
		t.Errorf("bounces %q, stored %+v", got, s.all())
	}
}

func TestAMailIsDroppedOrRefusedForEachRecipient(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	c := s.hello()
	both := []string{zuerich, ghent}
	for prefix, message := range map[string]string{
		"250":       rawMail("Auto-Submitted: auto-replied\n", "kontrolle"),
		"552 5.3.4": rawMail("", large()),
	} {
		for i, answer := range c.Deliver(marta, message, both...) {
			if !strings.HasPrefix(answer, prefix) {
				t.Errorf("answer %d is %q, want %s", i, answer, prefix)
			}
		}
	}
	s.wantStored(0)
}

func TestMailsInChunksArriveByLMTP(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	c := s.hello()
	for i := range 2 {
		message := strings.ReplaceAll(strings.Replace(rawMail("", "kontrolle"), "<1@", fmt.Sprintf("<%d@", i), 1), "\n", "\r\n")
		c.Envelope(marta, zuerich, ghent)
		c.Chunk(message, true)
		c.Want("250")
		c.Want("250")
	}
	s.wantStored(4)
}

func TestAClientOfTheOtherProtocolIsRefused(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	c := s.greeted()
	c.Say("EHLO mx.example", "500 5.5.1")
	s.stop()
	if _, err := os.Stat(s.address); err == nil {
		t.Error("the socket is still there")
	}
}

func TestAMailServerCanOpenManyConnections(t *testing.T) {
	t.Parallel()
	s := serveLMTP(t)
	for range 40 {
		s.hello()
	}
}
