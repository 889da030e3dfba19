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

// maxHosts is how many servers of a domain are tried for one message, and how many addresses of one server.
const maxHosts = 5

// Replies for failures that no server reports: RFC 7505, section 4.1 and RFC 3463, sections 3.2 and 3.5.
var (
	errNullMX   = &permanentError{reply{stage: "DNS", code: 556, enhanced: [3]int{5, 1, 10}}}
	errNoDomain = &permanentError{reply{stage: "DNS", code: 550, enhanced: [3]int{5, 4, 4}}} // not 5.1.2, a hard bounce: our resolver may be wrong
	errDNS      = &temporaryError{reply{stage: "DNS", code: 451, enhanced: [3]int{4, 4, 3}}}
)

// mailServers lists a domain's mail servers in the order in which to try them: RFC 5321, section 5.1.
func mailServers(ctx context.Context, r Resolver, domain string) ([]string, error) {
	found, err := r.LookupMX(ctx, domain+".")
	if len(found) == 0 {
		if err == nil || isNotFound(err) {
			return implicitMX(ctx, r, domain)
		}
		return nil, errDNS
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] }) // shares the load among equal preferences
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

// implicitMX is for domains without MX records: the domain itself is the server, if it has an address.
func implicitMX(ctx context.Context, r Resolver, domain string) ([]string, error) {
	found, err := r.LookupIPAddr(ctx, domain+".")
	switch {
	case len(found) > 0:
		return []string{domain}, nil
	case err == nil || isNotFound(err):
		return nil, errNoDomain
	}
	return nil, errDNS
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}
