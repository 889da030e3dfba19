package mail

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func policyText(mode, mx string) string {
	return "version: STSv1\r\nmode: " + mode + "\r\nmx: " + mx + "\r\nmax_age: 3600\r\n"
}

func TestAnEnforcedPolicyDecidesWhichServersGetMessages(t *testing.T) {
	t.Parallel()
	right, rightCA := certificate(t, "mx.example.org")
	wrong, wrongCA := certificate(t, "other.example.org")
	for name, c := range map[string]struct {
		policy, ca string
		config     *tls.Config
		delivered  bool
		encrypted  bool
	}{
		"a listed server with its certificate":   {"enforce mx.example.org", rightCA, right, true, true},
		"a server that a wildcard lists":         {"enforce *.example.org", rightCA, right, true, true},
		"a server that is not listed":            {"enforce mx2.example.org", rightCA, right, false, false},
		"a wildcard matches one label only":      {"enforce *.org", rightCA, right, false, false},
		"a certificate for another name":         {"enforce mx.example.org", wrongCA, wrong, false, false},
		"a certificate of an unknown authority":  {"enforce mx.example.org", "", right, false, false},
		"no STARTTLS":                            {"enforce mx.example.org", rightCA, nil, false, false},
		"a policy in testing mode is ignored":    {"testing mx2.example.org", "", nil, true, false},
		"a policy of mode none is ignored":       {"none mx2.example.org", "", nil, true, false},
		"a policy behind a redirect is ignored":  {"redirect", "", nil, true, false},
		"a missing policy is ignored":            {"", "", nil, true, false},
		"a policy of an unknown mode is ignored": {"whatever mx2.example.org", "", nil, true, false},
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
			w.enqueue(messageTo("rider@example.org"))
			if got, ok := w.outcome(s, c.delivered); ok && got.TLS != c.encrypted {
				t.Errorf("TLS %v", got.TLS)
			}
		})
	}
}

func TestAPolicyIsCachedForItsMaxAgeAndFetchedAgainWhenItsIDChanges(t *testing.T) {
	t.Parallel()
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
		{"it is cached", func() {}, true, 1},
		{"it is cached without its record", func() { record() }, true, 1},
		{"it is cached while DNS fails", func() { i.set(func() { i.broken["_mta-sts.example.org"] = true }) }, true, 1},
		{"another id means another policy", func() {
			i.set(func() { i.broken["_mta-sts.example.org"] = false })
			record("v=STSv1; id=2")
			i.policy = ""
		}, true, 2},
		{"after a failed fetch there is a pause", func() {}, true, 2},
		{"then it is fetched again", func() { now = now.Add(fetchPause); i.policy = policyText("none", "") }, false, 3},
		{"it expires after its max_age", func() { now = now.Add(time.Hour) }, false, 4},
		{"one with max_age 0", func() {
			now = now.Add(time.Hour)
			i.policy = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 0\n"
		}, true, 5},
		{"is not fetched for each message", func() {}, true, 5},
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
