package limits

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// Extra is what an operator allows to hosts that share an address or a network with many people, beyond the limit of all. Either Network or
// Domain is set.
type Extra struct {
	Network  netip.Prefix
	Domain   string // in lower case; for all hosts with a name that is it or ends in it
	*Limiter        // with the same keys as that of all
}

// maxPerMinute is the highest limit that an operator may set.
const maxPerMinute = 100_000

// ParsePerMinute reads a number of events a minute.
func ParsePerMinute(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > maxPerMinute {
		return 0, fmt.Errorf("wants a number a minute, from 1 to %d, not %q", maxPerMinute, text)
	}
	return n, nil
}

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`)

// ParseExtras reads addresses, networks and domains, each with its events a minute, such as 203.0.113.0/24=300, example.org=100. Their limiters
// get the name and their place in the list.
func ParseExtras(group *Group, name, text string) ([]Extra, error) {
	var all []Extra
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		host, number, found := strings.Cut(word, "=")
		if !found {
			return nil, fmt.Errorf("%q lacks its number a minute: write %s=300", word, word)
		}
		n, err := ParsePerMinute(number)
		if err != nil {
			return nil, fmt.Errorf("%q %w", word, err)
		}
		one := Extra{Limiter: group.New(fmt.Sprintf("%s.%d", name, len(all)), PerMinute(n))}
		network, noNetwork := netip.ParsePrefix(host)
		ip, noAddress := netip.ParseAddr(host)
		domain := strings.ToLower(strings.TrimSuffix(host, "."))
		switch {
		case noAddress == nil:
			one.Network = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen())
		case noNetwork == nil:
			one.Network = network.Masked()
		case domainForm.MatchString(domain):
			one.Domain = domain
		default:
			return nil, fmt.Errorf("%q begins with neither an address, a network nor a domain: write 203.0.113.0/24=300 or example.org=300", word)
		}
		all = append(all, one)
	}
	return all, nil
}

// Has reports whether the address is in Network.
func (e Extra) Has(ip netip.Addr) bool {
	return e.Network.IsValid() && e.Network.Contains(ip.Unmap().WithZone(""))
}

// HasName reports whether a host's name is Domain or below it.
func (e Extra) HasName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return e.Domain != "" && (name == e.Domain || strings.HasSuffix(name, "."+e.Domain))
}
