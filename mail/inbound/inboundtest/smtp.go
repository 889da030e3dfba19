package inboundtest

import (
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
)

// Client is a connection on which a test sends SMTP or LMTP commands.
type Client struct {
	*textproto.Conn
	Raw net.Conn
	T   testing.TB // may be replaced by that of a subtest
}

// Dial connects to a server, which may be a Unix socket, until the test ends.
func Dial(t testing.TB, network, address string) *Client {
	t.Helper()
	raw, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{textproto.NewConn(raw), raw, t}
	t.Cleanup(func() { c.Close() })
	return c
}

// Greet waits for the server's greeting and sends EHLO or LHLO.
func (c *Client) Greet(command string) *Client {
	c.T.Helper()
	c.Want("220")
	c.Say(command, "250")
	return c
}

// Want reads a reply and returns its last line, which must begin with prefix.
func (c *Client) Want(prefix string) string {
	c.T.Helper()
	for {
		line, err := c.ReadLine()
		if err != nil {
			c.T.Fatalf("no answer, want %s: %v", prefix, err)
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if !strings.HasPrefix(line, prefix) {
			c.T.Errorf("answer %q, want %s", line, prefix)
		}
		return line
	}
}

// Say sends a command and returns the reply, which must begin with prefix.
func (c *Client) Say(line, prefix string) string {
	c.T.Helper()
	if err := c.PrintfLine("%s", line); err != nil {
		c.T.Fatal(err)
	}
	return c.Want(prefix)
}

// Envelope sends MAIL and RCPT. All recipients must be accepted.
func (c *Client) Envelope(from string, recipients ...string) {
	c.T.Helper()
	c.Say("MAIL FROM:<"+from+">", "250")
	for _, to := range recipients {
		c.Say("RCPT TO:<"+to+">", "250")
	}
}

// Data sends a message with lines that end in \n or \r\n. The caller reads the replies.
func (c *Client) Data(message string) {
	c.T.Helper()
	c.Say("DATA", "354")
	w := c.DotWriter()
	io.WriteString(w, message)
	w.Close()
}

// Chunk sends a piece of a message by BDAT (RFC 3030). The caller reads the reply.
func (c *Client) Chunk(piece string, last bool) {
	c.T.Helper()
	if last {
		c.PrintfLine("BDAT %d LAST", len(piece))
	} else {
		c.PrintfLine("BDAT %d", len(piece))
	}
	io.WriteString(c.W, piece)
	c.W.Flush()
}

// Mail sends a mail to one recipient and returns the reply to its data, which must begin with prefix.
func (c *Client) Mail(from, to, message, prefix string) string {
	c.T.Helper()
	c.Envelope(from, to)
	c.Data(message)
	return c.Want(prefix)
}

// Deliver sends a mail by LMTP and returns the replies, one for each recipient.
func (c *Client) Deliver(from, message string, recipients ...string) (replies []string) {
	c.T.Helper()
	c.Envelope(from, recipients...)
	c.Data(message)
	for range recipients {
		replies = append(replies, c.Want(""))
	}
	return replies
}
