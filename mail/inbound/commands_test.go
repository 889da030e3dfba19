package inbound

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// dialogue is what a client sends before each reply of the server.
type dialogue []struct{ sent, reply string }

func TestTheDomainOfPostmasterIsCompletedInThatCommandOnly(t *testing.T) {
	t.Parallel()
	const bare, whole = "RCPT TO:<postmaster>\r\n", "RCPT TO:<postmaster@a.example>\r\n"
	for name, c := range map[string]struct {
		said dialogue
		want string
	}{
		"alone":                   {dialogue{{bare, "250 ok"}}, whole},
		"in other case":           {dialogue{{"rcpt to:<PostMaster>\r\n", "250 ok"}}, "rcpt to:<PostMaster@a.example>\r\n"},
		"with a space":            {dialogue{{"RCPT TO: <postmaster>\r\n", "250 ok"}}, "RCPT TO: <postmaster@a.example>\r\n"},
		"with parameters":         {dialogue{{"RCPT TO:<postmaster> NOTIFY=NEVER\r\n", "504 no"}}, "RCPT TO:<postmaster@a.example> NOTIFY=NEVER\r\n"},
		"in a pipeline":           {dialogue{{"EHLO b.example\r\nMAIL FROM:<>\r\n" + bare + "DATA\r\n", "250 a\r\n"}}, "EHLO b.example\r\nMAIL FROM:<>\r\n" + whole + "DATA\r\n"},
		"with a domain":           {dialogue{{"RCPT TO:<postmaster@b.example>\r\n", "250 ok"}}, "RCPT TO:<postmaster@b.example>\r\n"},
		"another name":            {dialogue{{"RCPT TO:<postmasters>\r\nRCPT TO:<apostmaster>\r\n", "501 no"}}, "RCPT TO:<postmasters>\r\nRCPT TO:<apostmaster>\r\n"},
		"a sender":                {dialogue{{"MAIL FROM:<postmaster>\r\n", "501 no"}}, "MAIL FROM:<postmaster>\r\n"},
		"later in a line":         {dialogue{{"NOOP " + bare, "250 ok"}}, "NOOP " + bare},
		"in a message":            {dialogue{{"DATA\r\n", "354 go"}, {bare + ".\r\n", "250 ok"}, {bare, "250 ok"}}, "DATA\r\n" + bare + ".\r\n" + whole},
		"after a refused message": {dialogue{{"DATA\r\n", "502 no"}, {bare, "250 ok"}}, "DATA\r\n" + whole},
		"in a chunk":              {dialogue{{"BDAT 24 LAST\r\n" + bare + "..", "250 ok"}, {bare, "501 no"}}, "BDAT 24 LAST\r\n" + bare + ".." + bare},
		"after STARTTLS":          {dialogue{{"STARTTLS\r\n" + bare, "502 no"}, {bare, "250 ok"}}, "STARTTLS\r\n" + whole},
	} {
		for _, pieces := range []string{"whole", "byte by byte"} {
			filter := commands{domain: "a.example"}
			var got strings.Builder
			for _, turn := range c.said {
				var client io.Reader = strings.NewReader(turn.sent)
				if pieces != "whole" {
					client = iotest.OneByteReader(client)
				}
				for buffer := make([]byte, 100); ; {
					n, err := filter.read(client, buffer[:])
					got.Write(buffer[:n])
					if err != nil {
						break
					}
				}
				filter.replied([]byte(turn.reply))
			}
			if got.String() != c.want {
				t.Errorf("%s, %s: %q, want %q", name, pieces, got.String(), c.want)
			}
		}
	}
}

func TestABufferThatIsTooSmallLosesNothing(t *testing.T) {
	t.Parallel()
	filter := commands{domain: "a.example"}
	client := strings.NewReader("RCPT TO:<postmaster>\r\nQUIT\r\n")
	var got strings.Builder
	for buffer := make([]byte, 21); ; {
		n, err := filter.read(client, buffer)
		got.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	if got.String() != "RCPT TO:<postmaster@a.example>\r\nQUIT\r\n" {
		t.Errorf("%q", got.String())
	}
}

func FuzzCommands(f *testing.F) {
	f.Add("RCPT TO:<postmaster>\r\n", "DATA\r\n")
	f.Add("BDAT 3\r\nRCPT TO:<postmaster>\r\n", "x")
	f.Add("STARTTLS\r\nRCPT TO:<postmaster>\r\n", "x")
	f.Fuzz(func(t *testing.T, first, second string) {
		filter := commands{domain: "a.example"}
		got, err := io.ReadAll(filterReader{&filter, iotest.HalfReader(strings.NewReader(first + second))})
		plain := func(text string) string { return strings.ReplaceAll(text, "@a.example", "") }
		passed := plain(string(got)) == plain(first+second)
		if filter.state == startingTLS { // what follows is discarded
			passed = strings.HasPrefix(plain(first+second), plain(string(got)))
		}
		if err != nil || !passed {
			t.Errorf("%q becomes %q, %v", first+second, got, err)
		}
	})
}

type filterReader struct {
	filter *commands
	client io.Reader
}

func (r filterReader) Read(b []byte) (int, error) { return r.filter.read(r.client, b) }
