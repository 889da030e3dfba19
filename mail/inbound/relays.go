package inbound

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Relays are the operator's own mail servers that forward mail by SMTP. They are neither limited nor greylisted: they only forward the mails of others.
type Relays []netip.Prefix

var thisMachine = Relays{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// ParseRelays reads addresses and networks with spaces or commas between them. This machine always is a relay.
func ParseRelays(value string) (Relays, error) {
	found := slices.Clone(thisMachine)
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			ip, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("relays: %q is neither an address nor a network", word)
			}
			prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
		}
		found = append(found, prefix.Masked())
	}
	return found, nil
}

func (r Relays) has(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, prefix := range r {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// isPrivate reports whether an address is of a private network: of a relay, or of a container's gateway that hides all clients behind its
// address. Nothing can be held against one of them.
func isPrivate(ip netip.Addr) bool { return ip.IsPrivate() || ip.IsLinkLocalUnicast() }
