package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// named makes a certificate for a host, and the file of its authority: itself.
func named(t testing.TB, host string) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, path
}

func TestAnEnforcedPolicyDecidesWhoGetsTheMail(t *testing.T) {
	right, rightCA := named(t, "mx.example.org")
	wrong, wrongCA := named(t, "other.example.org")
	for name, c := range map[string]struct {
		policy, ca string
		config     *tls.Config
		delivered  bool
		encrypted  bool
	}{
		"a listed server with its certificate":          {"enforce mx.example.org", rightCA, right, true, true},
		"a server that a wildcard lists":                {"enforce *.example.org", rightCA, right, true, true},
		"a server that is not listed":                   {"enforce mx2.example.org", rightCA, right, false, false},
		"a wildcard stands for one label":               {"enforce *.org", rightCA, right, false, false},
		"a certificate for another name":                {"enforce mx.example.org", wrongCA, wrong, false, false},
		"a certificate of nobody known":                 {"enforce mx.example.org", "", right, false, false},
		"no STARTTLS":                                   {"enforce mx.example.org", rightCA, nil, false, false},
		"a policy in testing does not matter":           {"testing mx2.example.org", "", nil, true, false},
		"a policy that is none does not matter":         {"none mx2.example.org", "", nil, true, false},
		"a policy behind a redirect is none":            {"redirect", "", nil, true, false},
		"a policy that is missing does not matter":      {"", "", nil, true, false},
		"a policy that nobody understands is no policy": {"whatever mx2.example.org", "", nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			i, s := newInternet(t), newSink(t, func(s *smtp.Server) { s.TLSConfig = c.config })
			i.mxs("example.org", "mx.example.org")
			i.serve("mx.example.org", "192.0.2.2", s)
			i.set(func() { i.txt["_mta-sts.example.org"] = []string{"unrelated", "v=STSv1; id=1;"} })
			i.policy = c.policy
			if mode, mx, ok := strings.Cut(c.policy, " "); ok {
				i.policy = policyText(mode, mx)
			}
			config := i.config()
			config.CAFile = c.ca
			w := newWorld(t, config)
			w.run(w.Mailer)
			w.enqueue(to("rider@example.org"))
			if !c.delivered {
				<-w.paused
				s.none()
				return
			}
			if got := s.next(); got.TLS != c.encrypted {
				t.Errorf("TLS %v", got.TLS)
			}
		})
	}
}

func policyText(mode, mx string) string {
	return "version: STSv1\r\nmode: " + mode + "\r\nmx: " + mx + "\r\nmax_age: 3600\r\n"
}

func TestAPolicyIsKeptForItsMaxAgeAndFetchedAnewWhenItsIDChanges(t *testing.T) {
	i := newInternet(t)
	now := time.Now()
	p := newPolicies(i, i.client(), func() time.Time { return now })
	record := func(text ...string) { i.set(func() { i.txt["_mta-sts.example.org"] = text }) }
	for _, step := range []struct {
		name    string
		do      func()
		enforce bool
		fetched int
	}{
		{"no record, no policy", func() {}, false, 0},
		{"a record leads to a policy", func() { record("v=STSv1; id=1"); i.policy = policyText("enforce", "mx.example.org") }, true, 1},
		{"it is remembered", func() {}, true, 1},
		{"it is remembered without its record", func() { record() }, true, 1},
		{"it is remembered while DNS fails", func() { i.set(func() { i.broken["_mta-sts.example.org"] = true }) }, true, 1},
		{"another id means another policy", func() {
			i.set(func() { i.broken["_mta-sts.example.org"] = false })
			record("v=STSv1; id=2")
			i.policy = ""
		}, true, 2},
		{"one that cannot be fetched is not asked for at once again", func() {}, true, 2},
		{"but after a while", func() { now = now.Add(fetchPause); i.policy = policyText("none", "") }, false, 3},
		{"it ends with its max_age", func() { now = now.Add(time.Hour) }, false, 4},
		{"one that ends at once", func() {
			now = now.Add(time.Hour)
			i.policy = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 0\n"
		}, true, 5},
		{"is not fetched for each mail", func() {}, true, 5},
	} {
		step.do()
		if got := p.get(t.Context(), "example.org"); got.enforce != step.enforce || i.fetched != step.fetched {
			t.Errorf("%s: enforced %v, fetched %d times", step.name, got.enforce, i.fetched)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add([]byte(policyText("enforce", "*.example.org")), "v=STSv1; id=1")
	f.Fuzz(func(t *testing.T, text []byte, record string) {
		p, err := parsePolicy(text)
		if err == nil && (p.age < 0 || p.age > maxPolicyAge || p.enforce && len(p.mx) == 0) {
			t.Errorf("%+v", p)
		}
		policyID([]string{record})
	})
}
