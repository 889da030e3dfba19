package email

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestWhatIsAllowedIsBoundedInTimeAndMemory(t *testing.T) {
	now := time.Now()
	l := newLimits(func() time.Time { return now }, 2, 4)
	l.max = 3
	try := func(who, what string, want bool) {
		t.Helper()
		if got := l.allow(who, what); got != want {
			t.Errorf("%s %s: %v", who, what, got)
		}
	}
	try("a", "1", true)
	try("a", "2", true)
	try("a", "3", false)
	try("a", "1", true) // again
	try("b", "1", true)
	now = now.Add(15 * time.Second)
	try("a", "3", true)
	try("a", "4", false)
	for i := range 70 { // one in a free place, one in that of b, the crowd
		try(fmt.Sprint("c", i), "", i < 62)
	}
	if len(l.ones) != 3 {
		t.Errorf("%d are kept", len(l.ones))
	}
	now = now.Add(time.Hour)
	try("d", "", true)
	if len(l.ones) != 1 {
		t.Errorf("%d are kept after an hour", len(l.ones))
	}
}

func TestANetworkIsWhatOneOwnerHas(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.0/24", "::ffff:192.0.2.7": "192.0.2.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := network(netip.MustParseAddr(address)).String(); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestAClientIsAnAddressOrANetwork(t *testing.T) {
	for address, same := range map[string]string{
		"192.0.2.1:1":              "192.0.2.1:2",
		"[::ffff:192.0.2.1]:1":     "192.0.2.1:2",
		"[2001:db8::1]:1":          "[2001:db8::ffff:2%eth0]:2",
		"@":                        "@",
		"[2001:db8:0:0:1:2:3:4]:1": "2001:db8::",
	} {
		if client(address) != client(same) {
			t.Errorf("%s is not %s", client(address), client(same))
		}
	}
	if client("[2001:db8::1]:1") == client("[2001:db8:0:1::1]:1") || client("192.0.2.1:1") == client("192.0.2.2:1") {
		t.Error("two clients are one")
	}
}

// remote is a connection from an address.
type remote struct {
	net.Conn
	addr netip.AddrPort
}

func (r remote) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(r.addr) }

func TestServersOfOurOwnAndPrivateAddressesMayBeManyClients(t *testing.T) {
	own, err := parseRelays("198.51.100.7")
	if err != nil {
		t.Fatal(err)
	}
	b := &Bot{relays: own}
	for address, many := range map[string]bool{
		"10.0.2.100": true, "fd00::1": true, "127.0.0.1": true, "fe80::1%eth0": true, "198.51.100.7": true, "192.0.2.1": false, "2001:db8::1": false, "::ffff:192.0.2.1": false,
	} {
		g := newGate(nil, own, false)
		from := netip.AddrPortFrom(netip.MustParseAddr(address), 4711)
		var last *conn
		for range maxConnsPerIP {
			last = g.admit(remote{addr: from})
		}
		if last == nil || b.foreign(last) == many || (g.admit(remote{addr: from}) != nil) != many {
			t.Errorf("%s: counted %v", address, many)
		}
	}
}
