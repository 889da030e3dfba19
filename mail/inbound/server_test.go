package inbound_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

func TestAMailInChunksIsAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Envelope(marta, zuerich)
	message := strings.ReplaceAll(rawMail("", "kontrolle in stücken"), "\n", "\r\n")
	c.Chunk(message[:40], false)
	c.Want("250")
	c.Chunk(message[40:], true)
	c.Want("250")
	if got := s.all(); len(got) != 1 || got[0].text != "kontrolle in stücken" {
		t.Errorf("stored %+v", got)
	}
}

func TestServeReturnsIfItsContextHasEnded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Listen = func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
	for range 20 {
		if err := s.Serve(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheBeginningOfALargeBounceIsEnough(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.hello().Mail("", "bounce+1@linienfunk.example", rawMail("", strings.Repeat(strings.Repeat("zurück ", 10)+"\n", 9<<20/81)), "250")
	if got := s.raw(); len(got) != 1 || len(got[0].text) > 1<<20 {
		t.Errorf("%d bounces are kept", len(got))
	}
}

func TestAMailIsNotAcceptedIfARecipientCannotBeCheckedOrItIsNotStored(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	c.Say("RCPT TO:<broken@linienfunk.example>", "451 4.3.0")
	c.Say("RSET", "250")
	s.failing("zuerich", errors.New("disk full"))
	c.Mail(marta, zuerich, rawMail("", "kontrolle"), "451 4.3.0")
	s.failing("zuerich", nil)
	c.Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
	s.wantStored(1)
}

func TestAuthenticationIsNotSupported(t *testing.T) {
	t.Parallel()
	c := serve(t).greeted()
	c.PrintfLine("EHLO rider.example")
	code, lines, err := c.ReadResponse(250)
	if err != nil {
		t.Fatal(code, err)
	}
	if strings.Contains(lines, "AUTH") || !strings.Contains(lines, "SIZE 10485760") {
		t.Errorf("extensions: %s", lines)
	}
	c.Say("AUTH PLAIN AGEAYg==", "502 5.5.1")
	c.Say("AUTH LOGIN", "502 5.5.1")
}
