package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/bots/bottest"
)

func TestAMailComesEncrypted(t *testing.T) {
	s := serve(t, func(w *bottest.World) { w.WithTLS(certificate(t)) })
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail(marta, []string{zuerich}, strings.NewReader(letter("", "kontrolle heimlich"))); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d reports", len(got))
	}
}

func TestWhatComesBeforeTheEncryptionIsForgotten(t *testing.T) {
	s := serve(t, func(w *bottest.World) { w.WithTLS(certificate(t)) })
	c := s.hello()
	io.WriteString(c.conn, "STARTTLS\r\nMAIL FROM:<"+marta+">\r\nRCPT TO:<"+zuerich+">\r\n")
	c.want("220")
	secure := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
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

func certificate(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
