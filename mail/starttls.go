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

	"github.com/emersion/go-smtp"
)

// tlsError says that encryption was not possible.
type tlsError struct{ error }

func (e *tlsError) Unwrap() error { return e.error }

// upgrade begins encryption on a new connection, if it is offered or required, and returns a connection on which a client
// begins from the start. (go-smtp's own STARTTLS says EHLO localhost before, which receivers take for a bad sign, and
// cannot be asked whether it is offered.)
func upgrade(raw net.Conn, name string, required bool, config *tls.Config) (net.Conn, error) {
	text := textproto.NewConn(raw)
	_, greeting, err := text.ReadResponse(220)
	if err != nil {
		return nil, plainly("greeting", err)
	}
	_, extensions, err := command(text, 250, "EHLO "+name)
	if err != nil && required {
		return nil, &tlsError{plainly("EHLO", err)}
	}
	var refused *textproto.Error
	if err != nil && !errors.As(err, &refused) {
		return nil, plainly("EHLO", err)
	}
	offered := err == nil && slices.ContainsFunc(strings.Split(extensions, "\n")[1:], func(line string) bool {
		return strings.EqualFold(strings.TrimSpace(line), "STARTTLS")
	})
	switch {
	case !offered && required:
		return nil, &tlsError{errors.New("STARTTLS is not offered")}
	case !offered:
		return greeted(raw, text.R, greeting), nil
	}
	if _, _, err := command(text, 220, "STARTTLS"); err != nil {
		return nil, &tlsError{plainly("STARTTLS", err)}
	}
	if text.R.Buffered() > 0 { // somebody else's words, put before the encryption: RFC 3207, section 6
		return nil, &tlsError{errors.New("STARTTLS: there was more in the clear")}
	}
	secure := tls.Client(raw, config)
	if err := secure.Handshake(); err != nil {
		return nil, &tlsError{errors.New("STARTTLS: " + handshake(err))}
	}
	return greeted(secure, secure, greeting), nil
}

// handshake leaves out whose certificate it was.
func handshake(err error) string {
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

// greeted says the server's greeting once more: a client waits for it before it says EHLO, which it may at any time.
func greeted(conn net.Conn, from io.Reader, greeting string) net.Conn {
	line, _, _ := strings.Cut(greeting, "\n")
	return &replay{conn, io.MultiReader(bytes.NewReader([]byte("220 "+line+"\r\n")), from)}
}

type replay struct {
	net.Conn
	from io.Reader
}

func (r *replay) Read(b []byte) (int, error) { return r.from.Read(b) }

// smtpError is an answer as go-smtp or textproto hand it on.
func smtpError(err error) *smtp.SMTPError {
	var said *smtp.SMTPError
	if errors.As(err, &said) {
		return said
	}
	var plain *textproto.Error
	if !errors.As(err, &plain) {
		return nil
	}
	said = &smtp.SMTPError{Code: plain.Code}
	if status, _, ok := parseStatus(plain.Msg); ok {
		said.EnhancedCode = status
	}
	return said
}
