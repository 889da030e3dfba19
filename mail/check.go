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

// Finding is what Check says about one thing in the DNS.
type Finding struct {
	Name   string // MX, SPF, …
	State  State
	Say    string // one sentence
	Record string // to paste into a zone file, if there is one to recommend
}

// State is how a thing stands.
type State string

// The states. Only Right and Skipped need nobody to do anything.
const (
	Right   State = "ok"
	Wrong   State = "wrong"
	Missing State = "missing"
	Unknown State = "unknown" // the DNS did not answer
	Skipped State = "skipped" // it does not matter for this way of delivery
)

// checker looks at the DNS as receivers of our mail do.
type checker struct {
	Config
	host      string // our name
	addresses []string
	signer    *signer
}

// Check looks up what other mail servers want to find about the domain: that mail for it arrives, and that ours is believed.
// It needs Config's Resolver. The error is that of a configuration that cannot work.
func Check(ctx context.Context, config Config) ([]Finding, error) {
	c := &checker{Config: config, host: cmp.Or(config.Hostname, config.Domain)}
	var err error
	if c.signer, err = newSigner(config); err != nil {
		return nil, err
	}
	return []Finding{c.checkHost(ctx), c.checkMX(ctx), c.checkSPF(ctx), c.checkDKIM(ctx), c.checkDMARC(ctx), c.checkPTR(ctx)}, nil
}

func unanswered(name string) Finding {
	return Finding{Name: name, State: Unknown, Say: "the DNS does not answer; try again later"}
}

// checkHost finds our addresses, for those that follow.
func (c *checker) checkHost(ctx context.Context) Finding {
	f := Finding{Name: "A/AAAA", Record: c.host + ". IN A <address of this machine>"}
	found, err := c.Resolver.LookupIPAddr(ctx, c.host+".")
	switch {
	case err != nil && !notFound(err):
		return unanswered(f.Name)
	case len(found) == 0:
		f.State, f.Say = Missing, c.host+" has no address; if this machine has another name, set mail.hostname"
		return f
	}
	for _, one := range found {
		if !one.IP.IsGlobalUnicast() || one.IP.IsPrivate() { // /etc/hosts is asked, too
			f.State, f.Say = Wrong, fmt.Sprintf("%s is %s here, where nobody else gets; look into /etc/hosts, and ask on another machine", c.host, one.IP)
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
	if err != nil && !notFound(err) && len(found) == 0 {
		return unanswered(f.Name)
	}
	if len(found) == 0 {
		f.State, f.Say = Missing, "riders' mail to "+c.Domain+" does not arrive"
		return f
	}
	var hosts []string
	for _, mx := range found {
		host := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if addresses, err := c.Resolver.LookupIPAddr(ctx, host+"."); host == "" || len(addresses) == 0 && (err == nil || notFound(err)) {
			f.State, f.Say = Wrong, "it leads to "+cmp.Or(host, "nowhere")+", which has no address"
			return f
		}
		hosts = append(hosts, host)
	}
	if slices.Contains(hosts, strings.ToLower(c.host)) {
		return Finding{Name: f.Name, State: Right, Say: "mail to " + c.Domain + " comes to " + c.host}
	}
	return Finding{Name: f.Name, State: Right, Say: "mail to " + c.Domain + " goes to " + strings.Join(hosts, ", ") +
		", which must hand it over to this program"}
}

// checkSPF asks as a receiver does whether our addresses may send for the domain (RFC 7208).
func (c *checker) checkSPF(ctx context.Context) Finding {
	sender := c.host
	if c.Smarthost != "" {
		sender = c.smarthostName()
	}
	f := Finding{Name: "SPF"}
	if !inside(sender) {
		f.Record = fmt.Sprintf(`%s. IN TXT "v=spf1 %s -all"`, c.Domain, mechanism(sender))
	}
	records, err := c.tagged(ctx, c.Domain, "v=spf1")
	switch {
	case err != nil:
		return unanswered(f.Name)
	case len(records) == 0:
		f.State, f.Say = Missing, "nobody may send for "+c.Domain
		if f.Record == "" {
			f.Say += "; from where the smarthost sends cannot be known here, ask its operator what to write"
		} else if c.Smarthost != "" {
			f.Say += "; ask the smarthost's operator what to write, if the line below does not cover its addresses"
		}
		return f
	case len(records) > 1:
		f.State, f.Say, f.Record = Wrong, "there are several records; receivers want one", ""
		return f
	}
	if c.Smarthost != "" { // through which of its addresses it sends, only its operator knows
		return Finding{Name: f.Name, State: Right, Say: fmt.Sprintf("the record is %q; it must cover the smarthost", records[0])}
	}
	for _, address := range c.addresses {
		result, _ := spf.CheckHostWithSender(net.ParseIP(address), c.host, bouncePrefix+"@"+c.Domain,
			spf.WithContext(ctx), spf.WithResolver(c.Resolver))
		if result == spf.TempError {
			return unanswered(f.Name)
		}
		if result != spf.Pass {
			f.State, f.Say = Wrong, fmt.Sprintf("%s may not send: %q says %s", address, records[0], result)
			return f
		}
	}
	if len(c.addresses) == 0 {
		f.State, f.Say = Unknown, "without an address of "+c.host+" it cannot be tried"
		return f
	}
	return Finding{Name: f.Name, State: Right, Say: strings.Join(c.addresses, ", ") + " may send"}
}

// inside says that a host is an address, or a name, that means nothing to other machines.
func inside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.Unmap().IsGlobalUnicast() || ip.Unmap().IsPrivate()
	}
	return loopback(host)
}

// mechanism is what SPF calls a host: RFC 7208, sections 5.3 and 5.6.
func mechanism(host string) string {
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
	if host, err := parseSmarthost(c.Config); err == nil {
		name, _, _ := net.SplitHostPort(host.address)
		return name
	}
	return c.host
}

// tagged returns a name's TXT records that begin with a version. None is no error.
func (c *checker) tagged(ctx context.Context, name, version string) ([]string, error) {
	records, err := c.Resolver.LookupTXT(ctx, name+".")
	if err != nil && !notFound(err) {
		return nil, err
	}
	return slices.DeleteFunc(records, func(r string) bool {
		rest, found := strings.CutPrefix(strings.ToLower(r), strings.ToLower(version))
		return !found || rest != "" && !strings.HasPrefix(strings.TrimLeft(rest, " "), ";") && rest[0] != ' '
	}), nil
}

// checkPTR wants our address to lead back to our name, which large receivers demand.
func (c *checker) checkPTR(ctx context.Context) Finding {
	f := Finding{Name: "PTR"}
	if !c.Direct {
		return Finding{Name: f.Name, State: Skipped, Say: "this machine delivers nothing itself"}
	}
	if len(c.addresses) == 0 {
		return Finding{Name: f.Name, State: Unknown, Say: "without an address of " + c.host + " it cannot be looked up"}
	}
	for _, address := range c.addresses {
		names, err := c.Resolver.LookupAddr(ctx, address)
		if err != nil && !notFound(err) {
			return unanswered(f.Name)
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "."), c.host) }) {
			continue
		}
		f.State, f.Say, f.Record = Missing, address+" leads to no name; whoever gave you the address sets it", reverse(address)+" IN PTR "+c.host+"."
		if len(names) > 0 {
			f.State, f.Say = Wrong, address+" leads to "+strings.TrimSuffix(names[0], ".")+" and not to "+c.host
		}
		return f
	}
	return Finding{Name: f.Name, State: Right, Say: strings.Join(c.addresses, ", ") + " leads to " + c.host}
}

// reverse is the name at which an address is looked up: RFC 1035, section 3.5, and RFC 3596, section 2.5.
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

// errIncomplete is for the exit code.
var errIncomplete = errors.New("the DNS lacks something")

// Incomplete says whether somebody must do something about the findings.
func Incomplete(findings []Finding) error {
	for _, f := range findings {
		if f.State != Right && f.State != Skipped {
			return errIncomplete
		}
	}
	return nil
}
