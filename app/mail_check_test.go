package app

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

// emptyDNS has one address record and no others.
type emptyDNS struct{}

func nothing(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (emptyDNS) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, nothing(name)
}
func (emptyDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	return nil, nothing(name)
}
func (emptyDNS) LookupAddr(_ context.Context, name string) ([]string, error) {
	return nil, nothing(name)
}
func (emptyDNS) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	return []net.IPAddr{{IP: net.IPv4(192, 0, 2, 1)}}, nil
}

func TestTheMailCheckSaysFirstThatThereIsNoDomain(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{"localhost", "192.0.2.1", "::1"} { // as base_url has it
		c := config.Default()
		c.Mail.Domain = domain
		var out bytes.Buffer
		if err := mailCheck(t.Context(), c, emptyDNS{}, &out); err == nil || !strings.Contains(err.Error(), "mail.domain is not set") || out.Len() > 0 {
			t.Errorf("%s: %v, and it prints %q", domain, err, out.String())
		}
	}
}

func TestTheMailCheckPrintsTheRecordsThatAreMissingAndFails(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Mail.Domain, c.Mail.Delivery = "linienfunk.example", config.Direct
	var out bytes.Buffer
	if err := mailCheck(t.Context(), c, emptyDNS{}, &out); err == nil {
		t.Error("it did not fail")
	}
	for _, line := range []string{
		"linienfunk.example. IN MX 10 linienfunk.example.",
		`linienfunk.example. IN TXT "v=spf1 a:linienfunk.example -all"`,
		`_dmarc.linienfunk.example. IN TXT "v=DMARC1; p=quarantine"`,
		"1.2.0.192.in-addr.arpa. IN PTR linienfunk.example.",
		"openssl genpkey",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
}

func TestTheMailQueueIsPrintedBesideARunningProgram(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Data, c.HTTP, c.SMTP, c.Mail.Domain = testkit.ShortDir(t), "127.0.0.1:0", "127.0.0.1:0", "linienfunk.example"
	c.BaseURL = "http://localhost:8080"
	c.NATS.URL, c.NATS.Prefix = testkit.NATS(t)
	if url := testkit.DatabaseURL(t, t.TempDir()); strings.HasPrefix(url, "postgres") {
		c.Database.URL = url
	}
	var out testkit.LogBuffer
	if c.Database.URL == "" {
		if err := mailQueue(t.Context(), c, &out); err == nil || !strings.Contains(err.Error(), "no database") {
			t.Errorf("without a database: %v", err)
		}
	}
	p, err := Open(t.Context(), c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := mailQueue(t.Context(), c, &out); err != nil || !strings.Contains(out.String(), "total") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
