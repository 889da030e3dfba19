package inbound_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"linienfunk/mail/inbound/inboundtest"
)

func TestALargeMailIsRefusedBeforeItIsSentIfItsSizeIsDeclared(t *testing.T) {
	t.Parallel()
	c := serve(t).hello()
	c.Say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", marta, 11<<20), "552 5.3.4")
	c.Say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", marta, 9<<20), "250")
}

// TestALargeMailIsRefusedAfterItIsSentAndNotHeldInMemory is not parallel: it counts allocations.
func TestALargeMailIsRefusedAfterItIsSentAndNotHeldInMemory(t *testing.T) {
	s := serve(t)
	c := s.hello()
	message := rawMail("", large())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.Mail(marta, zuerich, message, "552 5.3.4")
	runtime.ReadMemStats(&after)
	// The client's own copy of the message does not count.
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(message))+4<<20 {
		t.Errorf("%d bytes were allocated for a message of %d", used, len(message))
	}
	c.Mail(marta, zuerich, rawMail("", "kontrolle"), "250")
	s.wantStored(1)
}

func TestALargeMailInChunksIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Envelope(marta, zuerich)
	chunk := strings.Repeat("kontrolle\n", 1<<19)
	for i := range 3 {
		c.Chunk(chunk, false)
		c.Want(map[bool]string{true: "250", false: "552"}[i < 2])
	}
	s.wantStored(0)
}

func TestALineOfAMegabyteIsRefusedAndTheClientReadsIt(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.hello()
	c.Mail(marta, zuerich, rawMail("", strings.Repeat("kontrolle ", 1<<20/10)), "554 5.6.0")
	s.wantStored(0)
	c = s.hello()
	if _, err := io.WriteString(c.Raw, strings.Repeat("A", 1<<20)+"\r\n"); err != nil {
		t.Fatal(err)
	}
	c.Want("500 5.4.0")
}

func TestAnIncompleteMailIsNotDelivered(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, command := range []string{"DATA", "BDAT 5000"} {
		c := s.hello()
		c.Envelope(marta, zuerich)
		c.PrintfLine("%s", command)
		io.WriteString(c.W, rawMail("", "kontrolle halb"))
		c.W.Flush()
		c.Close()
	}
	s.stop()
	s.wantStored(0)
}

func TestNonsenseIsAnswered(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.greeted().Say("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "50")
	c := s.greeted()
	c.Say("GET / HTTP/1.1", "50")
	c.Say("MAIL FROM:<a@b.example>", "502")
	c.Say("EHLO x", "250")
	c.Say("RCPT TO:<"+zuerich+">", "502")
	c.Say("DATA", "502")
	c.Mail(marta, zuerich, "\x00\xff\xfe\x00binary\x80\x81", "250")
	if strings.Contains(s.log.String(), "127.0.0.1") {
		t.Errorf("the log has a client's address:\n%s", s.log.String())
	}
}

func TestServingEndsInTimeWithIdleClientsAndAMailBeingStored(t *testing.T) {
	t.Parallel()
	s := serve(t)
	idle := s.hello()
	busy := s.hello()
	s.mu.Lock() // Deliver hangs
	busy.Envelope(marta, zuerich)
	busy.Data(rawMail("", "kontrolle"))
	<-s.entered
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	idle.Want("421 4.3.2")
	s.mu.Unlock()
	busy.Want("250")
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	s.wantStored(1)
}

func TestConnectionsAboveTheLimitAreDeferred(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for range 200 {
		s.hello()
	}
	line, err := bufio.NewReader(s.dial().Raw).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "421 4.7.0") {
		t.Errorf("answer %q, %v", line, err)
	}
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
	c.Data(rawMail("", "kontrolle"))
	c.Want("250")
	s.wantStored(1)
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

// A relay forwards mails of unknown clients, and would defer all of them after a 421.
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
