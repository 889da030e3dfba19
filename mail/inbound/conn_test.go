package inbound

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
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

func TestAFewAddressesCannotTakeAllConnections(t *testing.T) {
	t.Parallel()
	relays, err := ParseRelays("198.51.100.7")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(nil, "", relays, false)
	open := func(address string) *conn {
		return l.admit(remote{addr: netip.AddrPortFrom(netip.MustParseAddr(address), 4711)})
	}
	var last *conn
	for i := range 200 {
		if c := open(fmt.Sprintf("203.0.113.%d", i%15)); c != nil {
			last = c
		}
	}
	for i := range reservedConns {
		if open(fmt.Sprintf("192.0.2.%d", i)) == nil {
			t.Fatalf("there is no connection for the address number %d without one", i)
		}
	}
	if open("192.0.2.200") != nil {
		t.Error("there are more connections than the limit")
	}
	if open("198.51.100.7") == nil {
		t.Error("there is no connection for a relay")
	}
	l.forget(last)
	if open("192.0.2.200") == nil {
		t.Error("a connection that ended leaves no room")
	}
}

// deadlines is a connection that notes its deadline for reading.
type deadlines struct {
	remote
	last time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.last = t
	return nil
}

func TestAConnectionWithoutAMailEndsWhateverCommandsItSends(t *testing.T) {
	t.Parallel()
	l := newListener(nil, "", Relays{}, false)
	raw := &deadlines{remote: remote{addr: netip.MustParseAddrPort("192.0.2.1:4711")}}
	c := l.admit(raw)
	accepted := time.Unix(0, c.progress.Load())
	for _, wanted := range []time.Duration{time.Minute, time.Hour} {
		c.SetReadDeadline(accepted.Add(wanted))
		if got := raw.last.Sub(accepted); got != min(wanted, idleTime) {
			t.Errorf("a deadline in %s became one in %s", wanted, got)
		}
	}
	c.progress.Store(accepted.Add(time.Minute).UnixNano())
	c.SetReadDeadline(accepted.Add(time.Hour))
	if got := raw.last.Sub(accepted); got != idleTime+time.Minute {
		t.Errorf("after a mail the deadline is in %s", got)
	}
}
