package limits

import (
	"net"
	"net/netip"
)

// Client is a key for the client behind a remote address: an IPv4 address, or an IPv6 network of 64 bits, which is the
// smallest that providers give to one customer (RFC 6177). See RemoteNetwork for the form of remote.
func Client(remote string) string { return RemoteNetwork(remote, 32, 64) }

// RemoteNetwork is a key for the network of a remote address: its first bits4 bits if it is IPv4, its first bits6 bits if it
// is IPv6. remote is host:port as in http.Request.RemoteAddr, or a host alone; a host that is no IP address is its own key.
func RemoteNetwork(remote string, bits4, bits6 int) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	network := Network(ip, bits4, bits6)
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// Network is the network of ip: its first bits4 bits if it is IPv4 (also if written as IPv6), its first bits6 bits if it is IPv6.
// The invalid address has the invalid network.
func Network(ip netip.Addr, bits4, bits6 int) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := bits4
	if ip.Is6() {
		bits = bits6
	}
	network, _ := ip.Prefix(bits) // the only error is for an invalid address
	return network
}
