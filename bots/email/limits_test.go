package email_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

func TestALargeMailIsRefusedBeforeItIsSentIfItsSizeIsDeclared(t *testing.T) {
	c := serve(t).hello()
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", marta, 11<<20), "552 5.3.4")
	c.say(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", marta, 9<<20), "250")
}

func TestALargeMailIsRefusedAfterItIsSentAndNotHeldInMemory(t *testing.T) {
	s := serve(t)
	c := s.hello()
	lines := strings.Repeat(strings.Repeat("kontrolle ", 7)+"\n", 11<<20/70)
	message := letter("", lines)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.mail(marta, zuerich, message, "552 5.3.4")
	runtime.ReadMemStats(&after)
	// The client's own copy of the message is not the server's.
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(len(message))+4<<20 {
		t.Errorf("%d bytes were allocated for a message of %d", used, len(message))
	}
	c.mail(marta, zuerich, letter("", "kontrolle"), "250")
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

func TestALargeMailInChunksIsRefused(t *testing.T) {
	s := serve(t)
	c := s.hello()
	c.say("MAIL FROM:<"+marta+">", "250")
	c.say("RCPT TO:<"+zuerich+">", "250")
	chunk := strings.Repeat("kontrolle\n", 1<<19)
	for i := range 3 {
		c.PrintfLine("BDAT %d", len(chunk))
		io.WriteString(c.W, chunk)
		c.W.Flush()
		c.want(map[bool]string{true: "250", false: "552"}[i < 2])
	}
	if got := s.all(); len(got) != 0 {
		t.Errorf("%d reports", len(got))
	}
}

func TestALineOfAMegabyteIsRefusedAndTheClientReadsIt(t *testing.T) {
	s := serve(t)
	c := s.hello()
	c.mail(marta, zuerich, letter("", strings.Repeat("kontrolle ", 1<<20/10)), "554 5.6.0")
	if got := s.all(); len(got) != 0 {
		t.Errorf("%d reports", len(got))
	}
	c = s.hello()
	if _, err := io.WriteString(c.conn, strings.Repeat("A", 1<<20)+"\r\n"); err != nil {
		t.Fatal(err)
	}
	c.want("500 5.4.0")
}

func TestAMailThatBreaksOffIsNoReport(t *testing.T) {
	s := serve(t)
	for _, command := range []string{"DATA", "BDAT 5000"} {
		c := s.hello()
		c.say("MAIL FROM:<"+marta+">", "250")
		c.say("RCPT TO:<"+zuerich+">", "250")
		c.PrintfLine("%s", command)
		io.WriteString(c.W, letter("", "kontrolle halb"))
		c.W.Flush()
		c.Close()
	}
	s.stop()
	if got := s.all(); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
}

func TestNonsenseIsAnswered(t *testing.T) {
	s := serve(t)
	c := s.dial()
	c.want("220")
	c.say("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "50")
	c = s.dial()
	c.want("220")
	c.say("GET / HTTP/1.1", "50")
	c.say("MAIL FROM:<a@b.example>", "502")
	c.say("EHLO x", "250")
	c.say("RCPT TO:<"+zuerich+">", "502")
	c.say("DATA", "502")
	c.mail(marta, zuerich, "\x00\xff\xfe\x00binary\x80\x81", "250")
	if strings.Contains(s.w.Log.String(), "127.0.0.1") {
		t.Errorf("the log has a client's address:\n%s", s.w.Log.String())
	}
}

func TestListenEndsInTimeWithIdleClientsAndAMailBeingStored(t *testing.T) {
	s := serve(t)
	idle := s.hello()
	busy := s.hello()
	s.mu.Lock() // out hangs
	busy.say("MAIL FROM:<"+marta+">", "250")
	busy.say("RCPT TO:<"+zuerich+">", "250")
	busy.say("DATA", "354")
	w := busy.DotWriter()
	io.WriteString(w, letter("", "kontrolle"))
	w.Close()
	<-s.entered
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	idle.want("421")
	s.mu.Unlock()
	busy.want("250")
	if err := <-ended; err != nil {
		t.Errorf("Listen: %v", err)
	}
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

func TestTooManyConnectionsAreToldToComeLater(t *testing.T) {
	s := serve(t)
	for range 200 {
		s.hello()
	}
	line, err := bufio.NewReader(s.dial().conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "421 4.7.0") {
		t.Errorf("answer %q, %v", line, err)
	}
}
