package inbound

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
)

// commands adds the domain to the command RCPT TO:<postmaster>, which must be accepted without one (RFC 5321, section 4.5.1), before go-smtp sees it: its
// parser answers 501 to any address without a domain. Everything else passes unchanged, but for what follows STARTTLS in the clear, which must be
// discarded (RFC 3207, section 4.2). After a command that it does not know, such as BDAT, whatever follows passes unchanged, since it may not be
// commands.
type commands struct {
	domain string

	mu    sync.Mutex
	state commandState
	line  []byte // how the current line begins
	ahead []byte // what was read and did not fit
}

type commandState int

const (
	inCommands  commandState = iota
	inMessage                // from DATA to the reply to the message
	startingTLS              // from STARTTLS to the reply
	unknown                  // to the end
)

// maxCommand is how much of a line is looked at.
const maxCommand = 40

var barePostmaster = regexp.MustCompile(`(?i)^rcpt to: *<postmaster$`)

// read is Read of a connection with client.
func (c *commands) read(client io.Reader, b []byte) (int, error) {
	if n := c.takeAhead(b); n > 0 {
		return n, nil
	}
	n, err := client.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	at, end := c.scan(b[:n])
	if n = end; at >= 0 {
		changed := append(append(bytes.Clone(b[:at]), "@"+c.domain...), b[at:n]...)
		n = copy(b, changed)
		if c.ahead = changed[n:]; len(c.ahead) > 0 {
			err = nil // client returns it again
		}
	}
	return n, err
}

func (c *commands) takeAhead(b []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(b, c.ahead)
	c.ahead = c.ahead[n:]
	return n
}

// scan follows the commands, and returns where the domain is missing, or -1, and where the text to pass ends. Of several commands without a domain
// that came together it completes the first: no client names a recipient twice.
func (c *commands) scan(text []byte) (missing, end int) {
	missing = -1
	for i, char := range text {
		switch {
		case c.state == startingTLS:
			return missing, i
		case c.state != inCommands:
			return missing, len(text)
		case char == '\n':
			c.endLine()
		case char == '>' && missing < 0 && barePostmaster.Match(c.line):
			missing = i
			c.line = append(c.line, char)
		case len(c.line) < maxCommand:
			c.line = append(c.line, char)
		}
	}
	return missing, len(text)
}

func (c *commands) endLine() {
	switch verb := strings.ToUpper(string(c.line[:min(len(c.line), 4)])); verb {
	case "HELO", "EHLO", "LHLO", "MAIL", "RCPT", "RSET", "NOOP", "VRFY", "QUIT", "EXPN", "HELP":
	case "DATA":
		c.state = inMessage
	case "STAR":
		c.state = startingTLS
	default:
		c.state = unknown
	}
	c.line = c.line[:0]
}

// replied follows the server's replies: 354 asks for the message, and the next one ends it. It reports whether the client may now begin with TLS.
func (c *commands) replied(reply []byte) (tls bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == unknown:
	case c.state == startingTLS:
		c.state, c.line = inCommands, c.line[:0]
		return bytes.HasPrefix(reply, []byte("220"))
	case bytes.HasPrefix(reply, []byte("354")):
		c.state = inMessage
	case c.state == inMessage:
		c.state, c.line = inCommands, c.line[:0]
	}
	return false
}
