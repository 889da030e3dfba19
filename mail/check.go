package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"blitiri.com.ar/go/spf"
)

// Finding is the result of Check for one kind of DNS record.
type Finding struct {
	Name   string // MX, SPF, …
	State  State
	Say    string // a sentence for the operator
	Record string // to paste into a zone file; empty if there is none to recommend
}

// State is the state of a Finding.
type State string

// The states. All but Right and Skipped need the operator to act.
const (
	Right   State = "ok"
	Wrong   State = "wrong"
	Missing State = "missing"
	Unknown State = "unknown" // the DNS query failed
	Skipped State = "skipped" // not needed for this way of delivery
)

// checker checks the DNS from a receiver's point of view.
type checker struct {
	Config
	host      string   // name of this machine
	addresses []string // of host
	signer    *signer  // nil for no signatures
}

// Check checks the DNS records of Config.Domain that other mail servers need, to deliver mail to it and to trust mail from it. It uses
// Config.Resolver. The error is about an invalid configuration.
func Check(ctx context.Context, config Config) ([]Finding, error) {
	c := &checker{Config: config, host: cmp.Or(config.Hostname, config.Domain)}
	var err error
	if c.signer, err = newSigner(config); err != nil {
		return nil, err
	}
	return []Finding{c.checkHost(ctx), c.checkMX(ctx), c.checkSPF(ctx), c.checkDKIM(ctx), c.checkDMARC(ctx), c.checkPTR(ctx)}, nil
}

// dnsFailed is the finding after a failed query.
func dnsFailed(name string) Finding {
	return Finding{Name: name, State: Unknown, Say: "the DNS query failed; try again later"}
}

// checkHost looks up our addresses, which the other checks need.
func (c *checker) checkHost(ctx context.Context) Finding {
	f := Finding{Name: "A/AAAA", Record: c.host + ". IN A <address of this machine>"}
	if isLocal(c.host) {
		return Finding{Name: f.Name, State: Wrong, Say: c.host + " is no name that others can look up: set mail.hostname"}
	}
	found, err := c.Resolver.LookupIPAddr(ctx, c.host+".")
	switch {
	case err != nil && !isNotFound(err):
		return dnsFailed(f.Name)
	case len(found) == 0:
		f.State, f.Say = Missing, c.host+" has no address; if this machine has another name, set mail.hostname"
		return f
	}
	for _, one := range found {
		if !one.IP.IsGlobalUnicast() || one.IP.IsPrivate() { // the resolver reads /etc/hosts, too
			f.State, f.Say = Wrong, fmt.Sprintf("%s is %s here, which other machines cannot reach; check /etc/hosts, and run this on another machine", c.host, one.IP)
			c.addresses = nil
			return f
		}
		c.addresses = append(c.addresses, one.IP.String())
	}
	return Finding{Name: f.Name, State: Right, Say: c.host + " is " + strings.Join(c.addresses, ", ")}
}

func (c *checker) checkMX(ctx context.Context) Finding {
	f := Finding{Name: "MX", Record: fmt.Sprintf("%s. IN MX 10 %s.", c.Domain, c.host)}
	found, err := c.Resolver.LookupMX(ctx, c.Domain+".")
	if err != nil && !isNotFound(err) && len(found) == 0 {
		return dnsFailed(f.Name)
	}
	if len(found) == 0 {
		f.State, f.Say = Missing, "riders' mail to "+c.Domain+" does not arrive"
		return f
	}
	var hosts []string
	for _, mx := range found {
		host := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if addresses, err := c.Resolver.LookupIPAddr(ctx, host+"."); host == "" || len(addresses) == 0 && (err == nil || isNotFound(err)) {
			f.State, f.Say = Wrong, "it points to "+cmp.Or(host, "no host")+", which has no address"
			return f
		}
		hosts = append(hosts, host)
	}
	if slices.Contains(hosts, strings.ToLower(c.host)) {
		return Finding{Name: f.Name, State: Right, Say: "mail to " + c.Domain + " arrives at " + c.host}
	}
	return Finding{Name: f.Name, State: Right, Say: "mail to " + c.Domain + " goes to " + strings.Join(hosts, ", ") +
		", which must forward it to this program"}
}

// checkSPF checks whether our addresses may send for the domain (RFC 7208).
func (c *checker) checkSPF(ctx context.Context) Finding {
	sender := c.host
	if c.Smarthost != "" {
		sender = c.smarthostName()
	}
	f := Finding{Name: "SPF"}
	if !isLocal(sender) {
		f.Record = fmt.Sprintf(`%s. IN TXT "v=spf1 %s -all"`, c.Domain, spfMechanism(sender))
	}
	records, err := c.versioned(ctx, c.Domain, "v=spf1")
	switch {
	case err != nil:
		return dnsFailed(f.Name)
	case len(records) == 0:
		f.State, f.Say = Missing, "no host is allowed to send for "+c.Domain
		if f.Record == "" && c.Smarthost == "" {
			f.Say += "; the record depends on mail.hostname"
		} else if f.Record == "" {
			f.Say += "; the smarthost's public addresses are not known here: ask its operator for the record"
		} else if c.Smarthost != "" {
			f.Say += "; ask the smarthost's operator for the record if the line below does not cover its addresses"
		}
		return f
	case len(records) > 1:
		f.State, f.Say, f.Record = Wrong, "there are several records; only one is allowed", ""
		return f
	}
	if c.Smarthost != "" { // only its operator knows which addresses it sends from
		return Finding{Name: f.Name, State: Right, Say: fmt.Sprintf("the record is %q; it must cover the smarthost", records[0])}
	}
	for _, address := range c.addresses {
		result, _ := spf.CheckHostWithSender(net.ParseIP(address), c.host, bouncePrefix+"@"+c.Domain,
			spf.WithContext(ctx), spf.WithResolver(c.Resolver))
		if result == spf.TempError {
			return dnsFailed(f.Name)
		}
		if result != spf.Pass {
			f.State, f.Say = Wrong, fmt.Sprintf("%s may not send: %q says %s", address, records[0], result)
			return f
		}
	}
	if len(c.addresses) == 0 {
		f.State, f.Say = Unknown, "cannot be checked without an address of "+c.host
		return f
	}
	return Finding{Name: f.Name, State: Right, Say: strings.Join(c.addresses, ", ") + " may send"}
}

// isLocal reports whether a host is an address, or a name, that other machines cannot use.
func isLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.Unmap().IsGlobalUnicast() || ip.Unmap().IsPrivate()
	}
	return isLoopback(host)
}

// spfMechanism is the SPF mechanism for a host: RFC 7208, sections 5.3 and 5.6.
func spfMechanism(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "a:" + host
	case ip.Is4():
		return "ip4:" + host
	}
	return "ip6:" + host
}

func (c *checker) smarthostName() string {
	if server, err := parseSmarthost(c.Config); err == nil {
		name, _, _ := net.SplitHostPort(server.address)
		return name
	}
	return c.host
}

// versioned returns a name's TXT records that begin with a version. It is no error if there are none.
func (c *checker) versioned(ctx context.Context, name, version string) ([]string, error) {
	records, err := c.Resolver.LookupTXT(ctx, name+".")
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	return slices.DeleteFunc(records, func(r string) bool {
		rest, found := strings.CutPrefix(strings.ToLower(r), strings.ToLower(version))
		return !found || rest != "" && !strings.HasPrefix(strings.TrimLeft(rest, " "), ";") && rest[0] != ' '
	}), nil
}

// checkPTR checks that our addresses resolve back to our name, which large receivers demand.
func (c *checker) checkPTR(ctx context.Context) Finding {
	f := Finding{Name: "PTR"}
	if !c.Direct {
		return Finding{Name: f.Name, State: Skipped, Say: "this machine does not deliver directly"}
	}
	if len(c.addresses) == 0 {
		return Finding{Name: f.Name, State: Unknown, Say: "cannot be checked without an address of " + c.host}
	}
	for _, address := range c.addresses {
		names, err := c.Resolver.LookupAddr(ctx, address)
		if err != nil && !isNotFound(err) {
			return dnsFailed(f.Name)
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "."), c.host) }) {
			continue
		}
		f.State, f.Say, f.Record = Missing, address+" has no name; the provider of the address can set it", reverse(address)+" IN PTR "+c.host+"."
		if len(names) > 0 {
			f.State, f.Say = Wrong, address+" resolves to "+strings.TrimSuffix(names[0], ".")+" and not to "+c.host
		}
		return f
	}
	return Finding{Name: f.Name, State: Right, Say: strings.Join(c.addresses, ", ") + " resolves to " + c.host}
}

// reverse is the name of an address's PTR records: RFC 1035, section 3.5, and RFC 3596, section 2.5.
func reverse(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	var labels []string
	if ip = ip.Unmap(); ip.Is4() {
		for _, b := range ip.As4() {
			labels = append(labels, fmt.Sprint(b))
		}
		slices.Reverse(labels)
		return strings.Join(labels, ".") + ".in-addr.arpa."
	}
	for _, b := range ip.As16() {
		labels = append(labels, fmt.Sprintf("%x", b>>4), fmt.Sprintf("%x", b&15))
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".") + ".ip6.arpa."
}

// errIncomplete makes the command fail.
var errIncomplete = errors.New("some DNS records are missing or wrong")

// Incomplete returns an error if the operator must act on the findings.
func Incomplete(findings []Finding) error {
	for _, f := range findings {
		if f.State != Right && f.State != Skipped {
			return errIncomplete
		}
	}
	return nil
}
