package mail

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
)

// Resolver is the part of *net.Resolver that delivery and Check use.
type Resolver interface {
	LookupMX(ctx context.Context, domain string) ([]*net.MX, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, address string) ([]string, error)
}

// maxHosts is how many servers of a domain are tried for one mail, and how many addresses of one server.
const maxHosts = 5

// status codes for what a server has not said itself: RFC 7505, section 4.1 and RFC 3463, sections 3.2 and 3.5.
var (
	errNullMX   = &refusal{answer{stage: "DNS", code: 556, enhanced: [3]int{5, 1, 10}}}
	errNoDomain = &refusal{answer{stage: "DNS", code: 550, enhanced: [3]int{5, 4, 4}}} // not 5.1.2: the fault may be our resolver's
	errDNS      = &delay{answer{stage: "DNS", code: 451, enhanced: [3]int{4, 4, 3}}}
)

// exchangers lists a domain's mail servers in the order in which they are tried: RFC 5321, section 5.1.
func exchangers(ctx context.Context, r Resolver, domain string) ([]string, error) {
	found, err := r.LookupMX(ctx, domain+".")
	if len(found) == 0 {
		if err == nil || notFound(err) {
			return implicit(ctx, r, domain)
		}
		return nil, errDNS
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] }) // equals share the load
	slices.SortStableFunc(found, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	var hosts []string
	for _, mx := range found {
		host := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if host != "" && !slices.Contains(hosts, host) && len(hosts) < maxHosts {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return nil, errNullMX
	}
	return hosts, nil
}

// implicit is the domain itself, if it has an address: it has no MX.
func implicit(ctx context.Context, r Resolver, domain string) ([]string, error) {
	found, err := r.LookupIPAddr(ctx, domain+".")
	switch {
	case len(found) > 0:
		return []string{domain}, nil
	case err == nil || notFound(err):
		return nil, errNoDomain
	}
	return nil, errDNS
}

func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
