package mail

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
)

// tlsError says that encryption was not possible.
type tlsError struct{ error }

func (e *tlsError) Unwrap() error { return e.error }

// negotiateTLS starts TLS on a new connection if the server offers STARTTLS or it is required (RFC 3207). It returns a connection for a
// client that begins from the greeting. (go-smtp's own STARTTLS says EHLO localhost first, which receivers count as a sign of spam, and
// does not report whether STARTTLS is offered.)
func negotiateTLS(raw net.Conn, name string, required bool, config *tls.Config) (net.Conn, error) {
	text := textproto.NewConn(raw)
	_, greeting, err := text.ReadResponse(220)
	if err != nil {
		return nil, stageError("greeting", err)
	}
	_, extensions, err := command(text, 250, "EHLO "+name)
	if err != nil && required {
		return nil, &tlsError{stageError("EHLO", err)}
	}
	var refused *textproto.Error
	if err != nil && !errors.As(err, &refused) {
		return nil, stageError("EHLO", err)
	}
	offered := err == nil && slices.ContainsFunc(strings.Split(extensions, "\n")[1:], func(line string) bool {
		return strings.EqualFold(strings.TrimSpace(line), "STARTTLS")
	})
	switch {
	case !offered && required:
		return nil, &tlsError{errors.New("STARTTLS is not offered")}
	case !offered:
		return replayGreeting(raw, text.R, greeting), nil
	}
	if _, _, err := command(text, 220, "STARTTLS"); err != nil {
		return nil, &tlsError{stageError("STARTTLS", err)}
	}
	if text.R.Buffered() > 0 { // injected before the encryption: RFC 3207, section 6
		return nil, &tlsError{errors.New("STARTTLS: plaintext after the reply")}
	}
	secure := tls.Client(raw, config)
	if err := secure.Handshake(); err != nil {
		return nil, &tlsError{errors.New("STARTTLS: " + describeHandshake(err))}
	}
	return replayGreeting(secure, secure, greeting), nil
}

// describeHandshake describes an error without the certificate's names.
func describeHandshake(err error) string {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return "the certificate cannot be verified"
	}
	return "the handshake failed"
}

func command(text *textproto.Conn, expect int, line string) (int, string, error) {
	if err := text.PrintfLine("%s", line); err != nil {
		return 0, "", err
	}
	return text.ReadResponse(expect)
}

// replayGreeting puts the server's greeting in front of a connection again: clients wait for it before their EHLO, of which a session
// may have several.
func replayGreeting(conn net.Conn, rest io.Reader, greeting string) net.Conn {
	line, _, _ := strings.Cut(greeting, "\n")
	return &replayConn{conn, io.MultiReader(bytes.NewReader([]byte("220 "+line+"\r\n")), rest)}
}

type replayConn struct {
	net.Conn
	from io.Reader
}

func (c *replayConn) Read(b []byte) (int, error) { return c.from.Read(b) }
