package mail

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
)

// signingKey writes a private key into a file, and returns its path and the public key in the format of DKIM records.
func signingKey(t testing.TB) (path, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	path = writePEM(t, "PRIVATE KEY", der)
	der, err = x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	return path, base64.StdEncoding.EncodeToString(der)
}

const checked = "city.linienfunk.example"

// complete returns a zone with all records for direct delivery.
func complete(public string) *zone {
	z := newZone()
	z.hosts["out."+checked] = []string{"192.0.2.1", "2001:db8::1"}
	z.mx[checked] = []*net.MX{{Host: "out." + checked + ".", Pref: 10}}
	z.txt[checked] = []string{"unrelated", "v=spf1 mx -all"}
	z.txt["s1._domainkey."+checked] = []string{"v=DKIM1; k=rsa; p=" + public[:100] + " " + public[100:]}
	z.txt["_dmarc."+checked] = []string{"v=DMARC1; p=reject"}
	z.names["192.0.2.1"] = []string{"out." + checked + "."}
	z.names["2001:db8::1"] = []string{"other.example.", "OUT." + checked + "."}
	return z
}

func TestTheCheckFindsMissingAndWrongRecords(t *testing.T) {
	t.Parallel()
	path, public := signingKey(t)
	_, foreign := signingKey(t)
	direct := Config{Domain: checked, Hostname: "out." + checked, Direct: true, DKIMKey: path, DKIMSelector: "s1"}
	for name, c := range map[string]struct {
		change func(*zone, *Config)
		want   string // the findings other than OK, with their states
		record string
	}{
		"nothing":    {func(*zone, *Config) {}, "", ""},
		"no address": {func(z *zone, _ *Config) { delete(z.hosts, "out."+checked) }, "A/AAAA missing, MX wrong, SPF unknown, PTR unknown", "out." + checked + ". IN A"},
		"no MX": {func(z *zone, _ *Config) {
			delete(z.mx, checked)
			z.txt[checked] = []string{"v=spf1 a:out." + checked + " -all"}
		}, "MX missing", checked + ". IN MX 10 out." + checked + "."},
		"null MX": {func(z *zone, _ *Config) {
			z.mx[checked][0].Host = "."
			z.txt[checked] = []string{"v=spf1 a:out." + checked + " -all"}
		}, "MX wrong", " IN MX 10 "},
		"no SPF":              {func(z *zone, _ *Config) { z.txt[checked] = nil }, "SPF missing", checked + `. IN TXT "v=spf1 a:out.` + checked + ` -all"`},
		"two SPF records":     {func(z *zone, _ *Config) { z.txt[checked] = []string{"v=spf1 mx", "v=spf1 a"} }, "SPF wrong", ""},
		"SPF of another host": {func(z *zone, _ *Config) { z.txt[checked] = []string{"v=spf1 ip4:192.0.2.1 -all"} }, "SPF wrong", "v=spf1"},
		"no DKIM record":      {func(z *zone, _ *Config) { delete(z.txt, "s1._domainkey."+checked) }, "DKIM missing", "s1._domainkey." + checked + `. IN TXT "v=DKIM1; k=rsa; p=` + public[:50]},
		"another key": {func(z *zone, _ *Config) { z.txt["s1._domainkey."+checked] = []string{"v=DKIM1; k=rsa; p=" + foreign} },
			"DKIM wrong", "s1._domainkey."},
		"no key":   {func(_ *zone, c *Config) { c.DKIMKey, c.DKIMSelector = "", "" }, "DKIM missing", ""},
		"no DMARC": {func(z *zone, _ *Config) { delete(z.txt, "_dmarc."+checked) }, "DMARC missing", "_dmarc." + checked + `. IN TXT "v=DMARC1;`},
		"DMARC of the organizational domain": {func(z *zone, _ *Config) {
			delete(z.txt, "_dmarc."+checked)
			z.txt["_dmarc.linienfunk.example"] = []string{"v=DMARC1; p=none"}
		}, "", ""},
		"DMARC without a policy": {func(z *zone, _ *Config) { z.txt["_dmarc."+checked] = []string{"v=DMARC1; rua=mailto:x@example.org"} }, "DMARC wrong", "_dmarc."},
		"a loopback address": {func(z *zone, _ *Config) {
			z.hosts["out."+checked] = []string{"127.0.1.1"} // as Debian writes it into /etc/hosts
			z.txt[checked] = []string{"v=spf1 a:out." + checked + " -all"}
			z.names["127.0.1.1"] = []string{"out." + checked + "."}
		}, "A/AAAA wrong, SPF unknown, PTR unknown", "out." + checked + ". IN A"},
		"a record for another type of key": {func(z *zone, _ *Config) {
			z.txt["s1._domainkey."+checked] = []string{"v=DKIM1; k=ed25519; p=" + public}
		}, "DKIM wrong", "k=rsa"},
		"a record without a type": {func(z *zone, _ *Config) { z.txt["s1._domainkey."+checked] = []string{"p=" + public} }, "", ""},
		"a record in testing mode": {func(z *zone, _ *Config) {
			z.txt["s1._domainkey."+checked] = []string{"v=DKIM1; t=y; k=rsa; p=" + public}
		}, "DKIM wrong", "s1._domainkey."},
		"a smarthost given by its address": {func(z *zone, c *Config) {
			c.Direct, c.Smarthost = false, "smtp://[2001:db8::25]:587"
			z.txt[checked] = nil
		}, "SPF missing", `"v=spf1 ip6:2001:db8::25 -all"`},
		"a smarthost in a private network": {func(z *zone, c *Config) {
			c.Direct, c.Smarthost = false, "smtp://192.168.0.25:587"
			z.txt[checked] = nil
		}, "SPF missing", ""},
		"a smarthost that is localhost": {func(z *zone, c *Config) {
			c.Direct, c.Smarthost = false, "smtp://localhost:587"
			z.txt[checked] = nil
		}, "SPF missing", ""},
		"a smarthost on this machine": {func(z *zone, c *Config) {
			c.Direct, c.Smarthost = false, "smtp://127.0.0.1:2500"
			z.txt[checked] = nil
		}, "SPF missing", ""},
		"a host that only this machine knows": {func(z *zone, c *Config) {
			c.Direct, c.Outbox, c.Hostname = false, "outbox", "localhost"
			z.txt[checked] = nil
		}, "A/AAAA wrong, SPF missing", ""},
		"an MX record with an address": {func(z *zone, _ *Config) {
			z.mx[checked] = []*net.MX{{Host: "192.0.2.1.", Pref: 10}}
			z.txt[checked] = []string{"v=spf1 a:out." + checked + " -all"}
		}, "MX wrong", " IN MX 10 "},
		"no PTR": {func(z *zone, _ *Config) { delete(z.names, "192.0.2.1") }, "PTR missing", "1.2.0.192.in-addr.arpa. IN PTR out." + checked + "."},
		"another PTR": {func(z *zone, _ *Config) { z.names["2001:db8::1"] = []string{"dyn.example."} }, "PTR wrong",
			"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR"},
		"a DNS that fails": {func(z *zone, _ *Config) { z.broken[checked], z.broken["192.0.2.1"] = true, true }, "MX unknown, SPF unknown, PTR unknown", ""},
		"a smarthost that signs needs no key and no PTR": {func(z *zone, c *Config) {
			c.Direct, c.Smarthost, c.DKIMKey, c.DKIMSelector = false, "smtp://mail.example:587", "", ""
			delete(z.names, "192.0.2.1")
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			z, config := complete(public), direct
			c.change(z, &config)
			config.Resolver = z
			findings, err := Check(t.Context(), config)
			must(t, err)
			var lacking, records []string
			for _, f := range findings {
				if f.State != Right && f.State != Skipped {
					lacking, records = append(lacking, f.Name+" "+string(f.State)), append(records, f.Record)
				} else if f.Record != "" {
					t.Errorf("%s is right, and has a record: %s", f.Name, f.Record)
				}
			}
			if got := strings.Join(lacking, ", "); got != c.want || (Incomplete(findings) != nil) != (c.want != "") {
				t.Errorf("got %q, want %q: %+v", got, c.want, findings)
			}
			if config.Smarthost == "" && strings.Contains(fmt.Sprint(findings), "smarthost") {
				t.Errorf("there is no smarthost: %+v", findings)
			}
			for _, inner := range []string{"127.0.0.1", "192.168.", "localhost"} {
				if strings.Contains(strings.Join(records, "\n"), inner) {
					t.Errorf("%s is in a record: %q", inner, records)
				}
			}
			if c.record != "" && !strings.Contains(strings.Join(records, "\n"), c.record) {
				t.Errorf("no record %s in %q", c.record, records)
			}
		})
	}
}
