package inbound

import (
	"net"
	"net/netip"
	"testing"
)

// remote is a connection from an address.
type remote struct {
	net.Conn
	addr netip.AddrPort
}

func (r remote) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(r.addr) }

func TestRelaysAndPrivateAddressesMayOpenManyConnections(t *testing.T) {
	relays, err := ParseRelays("198.51.100.7")
	if err != nil {
		t.Fatal(err)
	}
	for address, many := range map[string]bool{
		"10.0.2.100": true, "fd00::1": true, "127.0.0.1": true, "fe80::1%eth0": true, "198.51.100.7": true, "192.0.2.1": false, "2001:db8::1": false, "::ffff:192.0.2.1": false,
	} {
		l := newListener(nil, "", relays, false)
		from := netip.AddrPortFrom(netip.MustParseAddr(address), 4711)
		var last *conn
		for range maxConnsPerIP {
			last = l.admit(remote{addr: from})
		}
		if last == nil || last.isStranger() == many || (l.admit(remote{addr: from}) != nil) != many {
			t.Errorf("%s: counted %v", address, many)
		}
	}
}

func TestConnectionsOfOneIPv6NetworkAreCountedTogether(t *testing.T) {
	t.Parallel()
	for address, same := range map[string]string{"192.0.2.1": "::ffff:192.0.2.1", "2001:db8::1": "2001:db8::ffff:2", "fe80::1%eth0": "fe80::2"} {
		if counted(netip.MustParseAddr(address)) != counted(netip.MustParseAddr(same)) {
			t.Errorf("%s and %s are counted apart", address, same)
		}
	}
	for address, other := range map[string]string{"192.0.2.1": "192.0.2.2", "2001:db8::1": "2001:db8:0:1::1"} {
		if counted(netip.MustParseAddr(address)) == counted(netip.MustParseAddr(other)) {
			t.Errorf("%s and %s are counted together", address, other)
		}
	}
}
