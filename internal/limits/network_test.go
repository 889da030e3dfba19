package limits_test

import (
	"net/netip"
	"testing"

	"linienfunk/internal/limits"
)

func TestAClientIsAnAddressOrTheNetworkOfACustomer(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string][2]string{
		"192.0.2.77:1":             {"192.0.2.77", "192.0.2.0/24"},
		"192.0.2.77":               {"192.0.2.77", "192.0.2.0/24"},
		"[::ffff:192.0.2.77]:1":    {"192.0.2.77", "192.0.2.0/24"},
		"[2001:db8:1:2:3::4]:1":    {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8::1":              {"2001:db8::/64", "2001:db8::/48"},
		"[2001:db8::ffff:2%eth0]:": {"2001:db8::/64", "2001:db8::/48"},
		"[fe80::1%eth0]:1":         {"fe80::/64", "fe80::/48"},
		"no address":               {"no address", "no address"},
		"no address either:":       {"no address either", "no address either"},
		"@":                        {"@", "@"},
	} {
		if got := [2]string{limits.Client(remote), limits.RemoteNetwork(remote, 24, 48)}; got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}

func TestANetworkIsTheFirstBitsOfAnAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.0/24", "::ffff:192.0.2.7": "192.0.2.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := limits.Network(netip.MustParseAddr(address), 24, 64).String(); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if got := limits.Network(netip.Addr{}, 24, 64); got.IsValid() {
		t.Errorf("the invalid address: %s", got)
	}
}
