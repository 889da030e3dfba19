package inbound_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"linienfunk/mail/inbound/inboundtest"
)

func TestAMailArrivesEncrypted(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *server) { s.TLS, _ = inboundtest.Certificate(t) })
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail(marta, []string{zuerich}, strings.NewReader(rawMail("", "kontrolle heimlich"))); err != nil {
		t.Fatal(err)
	}
	s.wantStored(1)
}

func TestPostmasterIsTakenWithoutADomainOverTLS(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *server) { s.TLS, _ = inboundtest.Certificate(t) })
	c := s.hello()
	c.Say("STARTTLS", "220")
	secure := tls.Client(c.Raw, &tls.Config{InsecureSkipVerify: true})
	inside := textproto.NewConn(secure)
	for _, turn := range [][2]string{
		{"EHLO rider.example", "250"}, {"MAIL FROM:<" + marta + ">", "250"}, {"RCPT TO:<postmaster>", "550"}, {"RCPT TO:<postmasters>", "501"},
		{"STARTTLS", "502"}, {"QUIT", "221"},
	} {
		inside.PrintfLine("%s", turn[0])
		code, text, err := inside.ReadResponse(0)
		if strconv.Itoa(code) != turn[1] {
			t.Errorf("%s: %d %s %v", turn[0], code, text, err)
		}
	}
}

func TestCommandsBeforeSTARTTLSAreDiscarded(t *testing.T) {
	t.Parallel()
	s := serve(t, func(s *server) { s.TLS, _ = inboundtest.Certificate(t) })
	c := s.hello()
	io.WriteString(c.Raw, "STARTTLS\r\nMAIL FROM:<"+marta+">\r\nRCPT TO:<"+zuerich+">\r\n")
	c.Want("220")
	secure := tls.Client(c.Raw, &tls.Config{InsecureSkipVerify: true})
	inside := textproto.NewConn(secure)
	inside.PrintfLine("EHLO rider.example")
	if _, lines, err := inside.ReadResponse(250); err != nil || strings.Contains(lines, "STARTTLS") {
		t.Fatalf("%v: %s", err, lines)
	}
	inside.PrintfLine("DATA")
	if _, _, err := inside.ReadResponse(502); err != nil {
		t.Errorf("commands from before the encryption count: %v", err)
	}
}
