package limits_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/limits"
)

func TestNamedHostsAreNetworksAddressesAndDomains(t *testing.T) {
	t.Parallel()
	all, err := limits.ParseExtras(limits.NewGroup(time.Now), "extra", "203.0.113.9/24=2, 2001:db8::1=300 Mail.Example.org.=5,")
	if err != nil || len(all) != 3 {
		t.Fatalf("%v %v", all, err)
	}
	for _, c := range []struct {
		n    int
		ip   string
		name string
		want bool
	}{
		{0, "203.0.113.77", "", true}, {0, "::ffff:203.0.113.77", "", true}, {0, "203.0.114.1", "", false},
		{1, "2001:db8::1", "", true}, {1, "2001:db8::2", "", false},
		{2, "203.0.113.77", "", false},
		{2, "", "mail.example.org", true}, {2, "", "MX1.mail.example.org.", true}, {2, "", "example.org", false},
		{2, "", "notmail.example.org", false}, {2, "", "mail.example.org.attacker.example", false}, {0, "", "", false},
	} {
		got := all[c.n].HasName(c.name)
		if c.ip != "" {
			got = all[c.n].Has(netip.MustParseAddr(c.ip))
		}
		if got != c.want {
			t.Errorf("%d has %s%s: %v", c.n, c.ip, c.name, got)
		}
	}
	if n := count(10, func(int) bool { return all[0].Allow("key") }); n != 2 {
		t.Errorf("2 a minute allow %d at once", n)
	}
	if all, err := limits.ParseExtras(limits.NewGroup(time.Now), "extra", " "); err != nil || len(all) != 0 {
		t.Errorf("an empty list: %v %v", all, err)
	}
}

func TestAnErrorInALimitSaysWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"example.org": "example.org=300", "203.0.113.0/33=5": "203.0.113.0/24=300", "localhost=5": "example.org=300", "example.org=": "from 1 to 100000",
		"example.org=0": "from 1 to 100000", "example.org=many": "from 1 to 100000", "=5": "example.org=300", "-a.example=5": "example.org=300",
	} {
		if _, err := limits.ParseExtras(limits.NewGroup(time.Now), "extra", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "5/m", "100001", "1e3"} {
		if _, err := limits.ParsePerMinute(text); err == nil || !strings.Contains(err.Error(), "from 1 to 100000") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if n, err := limits.ParsePerMinute(" 30 "); n != 30 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}
