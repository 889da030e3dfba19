package inbound_test

import (
	"fmt"
	"strings"
	"testing"

	"linienfunk/mail/inbound/inboundtest"
)

func TestThereIsNothingToLogInTo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.dial()
	c.Want("220")
	c.PrintfLine("EHLO rider.example")
	code, lines, err := c.ReadResponse(250)
	if err != nil {
		t.Fatal(code, err)
	}
	if strings.Contains(lines, "AUTH") || !strings.Contains(lines, "SIZE 10485760") {
		t.Errorf("extensions: %s", lines)
	}
	c.Say("AUTH PLAIN AGEAYg==", "5")
}

func TestTenThousandRecipientsGetAnAnswerEach(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	taken := 0
	for i := range 10_000 {
		c.PrintfLine("RCPT TO:<zuerich+%d@linienfunk.example>", i)
		line, err := c.ReadLine()
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasPrefix(line, "250"):
			taken++
		case !strings.HasPrefix(line, "452 4.5.3"):
			t.Fatalf("answer %q", line)
		}
	}
	if taken != 50 {
		t.Errorf("%d recipients were taken", taken)
	}
	c.Data(letter("", "kontrolle"))
	c.Want("250")
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

func TestAClientThatGuessesRecipientsIsDisconnected(t *testing.T) {
	t.Parallel()
	c := serve(t, distrust).hello()
	c.Say("MAIL FROM:<"+marta+">", "250")
	for i := range 50 {
		c.Say(fmt.Sprintf("RCPT TO:<guess%d@linienfunk.example>", i), "550")
	}
	c.Say("RCPT TO:<one@linienfunk.example>", "421 4.7.0")
	if line, err := c.ReadLine(); err == nil {
		t.Errorf("the connection goes on: %q", line)
	}
}

// A relay passes on what strangers have sent to it, and would defer all mails after a 421.
func TestARelayMayNameManyUnknownRecipients(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*inboundtest.Client{"SMTP": serve(t).hello(), "LMTP": serveLMTP(t).hello()} {
		t.Run(name, func(t *testing.T) {
			c.T = t
			c.Say("MAIL FROM:<"+marta+">", "250")
			for i := range 60 {
				c.Say(fmt.Sprintf("RCPT TO:<guess%d@linienfunk.example>", i), "550 5.1.1")
			}
			c.Say("RCPT TO:<"+zuerich+">", "250")
		})
	}
}
