package outgoing

import (
	"net/netip"
	"strings"
)

// localSuffixes are names that lead nowhere on the public internet: RFC 6761, RFC 6762, RFC 8375, RFC 9476 and what routers use.
var localSuffixes = []string{"localhost", "local", "internal", "home.arpa", "lan", "home", "intranet", "test", "invalid", "example", "alt", "onion"}

// PublicHost reports whether a host of an address may be on the public internet, by its name alone: nothing is looked up. A name must have a dot, and no number at its end, as
// browsers take such a one for an IPv4 address in one of several forms.
func PublicHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return isPublic(ip.Unmap().WithZone(""))
	}
	dot := strings.LastIndexByte(host, '.')
	if dot < 1 || dot == len(host)-1 || '0' <= host[dot+1] && host[dot+1] <= '9' {
		return false
	}
	for _, suffix := range localSuffixes {
		if strings.HasSuffix(host, "."+suffix) {
			return false
		}
	}
	return true
}
