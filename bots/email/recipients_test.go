package email_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
)

func TestWhoIsARecipient(t *testing.T) {
	s := serve(t, func(w *bottest.World) {
		w.SetActive("ghent", false)
	})
	for recipient, want := range map[string]string{
		"<zuerich@linienfunk.example>":                         "250",
		"<ZueRich@LinienFunk.Example>":                         "250",
		"<zuerich+u8@linienfunk.example>":                      "250",
		`<"zuerich"@linienfunk.example>`:                       "250",
		"<zuerich@linienfunk.example.>":                        "250",
		"<@relay.example:zuerich@linienfunk.example>":          "250", // a source route, to be ignored: RFC 5321, appendix C
		"<berlin@linienfunk.example>":                          "550 5.1.1",
		"<ghent@linienfunk.example>":                           "550 5.1.1",
		"<+zuerich@linienfunk.example>":                        "550 5.1.1",
		"<postmaster@linienfunk.example>":                      "550 5.1.1",
		"<victim@other.example>":                               "554 5.7.1",
		"<zuerich@other.example>":                              "554 5.7.1",
		"<zuerich@sub.linienfunk.example>":                     "554 5.7.1",
		"<zuerich@[127.0.0.1]>":                                "554 5.7.1",
		"<@linienfunk.example:victim@other.example>":           "554 5.7.1",
		"<@linienfunk.example,@relay.example:v@other.example>": "554 5.7.1",
		"<victim%other.example@linienfunk.example>":            "550 5.1.1",
		"<zuerich%other.example@linienfunk.example>":           "550 5.1.1",
		`<"victim@other.example"@linienfunk.example>`:          "550 5.1.1",
		"<other.example!victim@linienfunk.example>":            "550 5.1.1",
		"<linienfunk.example!zuerich@other.example>":           "554 5.7.1",
		`<"zuerich@linienfunk.example"@other.example>`:         "554 5.7.1",
		"<zuerich@linienfunk.example@other.example>":           "554 5.7.1",
		"<victim@other.example@linienfunk.example>":            "550 5.1.1",
		"<victim@other.example%linienfunk.example>":            "554 5.7.1",
		"<zuerich@linienfunk.example\x00.other.example>":       "554 5.7.1",
		"<zuerich>":                   "501",
		"<>":                          "501",
		"<zuerich@>":                  "501",
		"<zuerich@linienfunk.example": "501",
		"<zuerich@linienfunk.example> NOTIFY=SUCCESS":            "504",
		"<\"zuerich\\@other.example\"@linienfunk.example>":       "550 5.1.1",
		"<" + strings.Repeat("a", 2000) + "@linienfunk.example>": "550 5.1.1",
	} {
		t.Run(recipient[:min(len(recipient), 60)], func(t *testing.T) {
			c := s.hello()
			c.t = t
			c.say("MAIL FROM:<"+marta+">", "250")
			c.say("RCPT TO:"+recipient, want)
		})
	}
}

func TestThereIsNothingToLogInTo(t *testing.T) {
	s := serve(t)
	c := s.dial()
	c.want("220")
	c.PrintfLine("EHLO rider.example")
	code, lines, err := c.ReadResponse(250)
	if err != nil {
		t.Fatal(code, err)
	}
	if strings.Contains(lines, "AUTH") || !strings.Contains(lines, "SIZE 10485760") {
		t.Errorf("extensions: %s", lines)
	}
	c.say("AUTH PLAIN AGEAYg==", "5")
}

func TestTenThousandRecipientsGetAnAnswerEach(t *testing.T) {
	s := serve(t)
	c := s.hello()
	c.say("MAIL FROM:<"+marta+">", "250")
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
	c.say("DATA", "354")
	w := c.DotWriter()
	io.WriteString(w, letter("", "kontrolle"))
	w.Close()
	c.want("250")
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

func TestWhoGuessesRecipientsIsSentAway(t *testing.T) {
	c := servePlugin(t, strangers()).hello()
	c.say("MAIL FROM:<"+marta+">", "250")
	for i := range 50 {
		c.say(fmt.Sprintf("RCPT TO:<guess%d@linienfunk.example>", i), "550")
	}
	c.say("RCPT TO:<one@linienfunk.example>", "421 4.7.0")
	if line, err := c.ReadLine(); err == nil {
		t.Errorf("the connection goes on: %q", line)
	}
}

// A mail server that hands over what strangers have sent to it cannot help it, and waits with all mails after a 421.
func TestAServerOfOurOwnMayGuessRecipients(t *testing.T) {
	for name, c := range map[string]*client{"SMTP": serve(t).hello(), "LMTP": serveLMTP(t).lmtp()} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.say("MAIL FROM:<"+marta+">", "250")
			for i := range 60 {
				c.say(fmt.Sprintf("RCPT TO:<guess%d@linienfunk.example>", i), "550 5.1.1")
			}
			c.say("RCPT TO:<"+zuerich+">", "250")
		})
	}
}
