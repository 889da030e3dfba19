package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"

	"linienfunk/mail/text"
)

// Limits of look-ups in DNS. A warning must not wait for somebody's slow server: what is not known by then is not held against anybody.
const (
	dnsTime = 3 * time.Second // for one look-up
	spfTime = 6 * time.Second // for all that a record asks for, at most ten (RFC 7208, section 4.6.4)
)

// peer is who handed a mail over to our border.
type peer struct {
	ip    netip.Addr // invalid if it is not known: then SPF says nothing
	helo  string
	relay bool // the mail came through a server of our own, which must not be made to bounce it to somebody whose address was forged
}

// opinion is what the checks of a mail have come to.
type opinion struct {
	refuse bool
	doubt  string // a few words for report.Report.Spam, or empty
}

// authenticate judges whether the author's domain stands by a mail (DMARC, RFC 7489), by the address that it came from (SPF, RFC 7208)
// and its signatures (DKIM, RFC 6376). A domain without a policy is taken at its SPF record. Mailing lists and forwarders break
// both for some mails: that is for the domain's owner to weigh when choosing a policy.
func (b *Bot) authenticate(ctx context.Context, m *message, from string, p peer, signed signatures) opinion {
	if doubt := several(m); doubt != "" {
		return opinion{doubt: doubt}
	}
	domain, err := text.ASCIIDomain(text.Domain(m.Author(from)))
	if err != nil || !strings.Contains(domain, ".") || !p.ip.IsValid() && len(signed.domains) == 0 && !signed.unknown {
		return opinion{} // nothing can be learnt
	}
	policy, err := b.policy(ctx, domain)
	if err != nil || policy.record != nil && signed.by(domain, policy.record.DKIMAlignment) {
		return opinion{}
	}
	if policy.record == nil {
		if signed.by(domain, dmarc.AlignmentRelaxed) {
			return opinion{}
		}
		if result, spoke := b.spf(ctx, p, from); result == spf.Fail && aligned(spoke, domain, dmarc.AlignmentRelaxed) {
			return opinion{doubt: "SPF: fail"}
		}
		return opinion{}
	}
	result, spoke := b.spf(ctx, p, from)
	if result == spf.Pass && aligned(spoke, domain, policy.record.SPFAlignment) {
		return opinion{}
	}
	if result == spf.TempError || signed.unknown {
		return opinion{}
	}
	return judge(policy.action(), !p.relay && !signed.partial)
}

// judge says what a domain's wish means for us, and whether a mail may be refused for it.
func judge(wish dmarc.Policy, refuse bool) opinion {
	switch wish {
	case dmarc.PolicyReject:
		return opinion{refuse: refuse, doubt: "DMARC: reject"}
	case dmarc.PolicyQuarantine:
		return opinion{doubt: "DMARC: quarantine"}
	}
	return opinion{}
}

// several doubts a mail with two From: its author's server and we may look at different ones (RFC 7489, section 6.6.1).
func several(m *message) (doubt string) {
	if len(m.Values("From")) > 1 {
		return "From: several authors"
	}
	return ""
}

// spf returns SPF's result and the domain that it is about: that of the envelope's sender, or of the greeting if there is none. Of an
// unknown address it knows nothing, for now.
func (b *Bot) spf(ctx context.Context, p peer, from string) (spf.Result, string) {
	if !p.ip.IsValid() {
		return spf.TempError, ""
	}
	ctx, cancel := context.WithTimeout(ctx, spfTime)
	defer cancel()
	domain := text.Domain(from)
	if domain == "" {
		domain = p.helo
	}
	result, _ := spf.CheckHostWithSender(net.IP(p.ip.AsSlice()), p.helo, from, spf.WithContext(ctx), spf.WithResolver(b.dns)) // the error explains the result
	return result, strings.ToLower(domain)
}

// policy is a domain's DMARC record, nil if it has none.
type policy struct {
	record    *dmarc.Record
	inherited bool // it is that of the organization's domain
}

// action is what the domain wants done with mails that fail. A policy for a part of them is on trial, and counts as the next milder
// one (RFC 7489, section 6.6.4, does so by lot).
func (p policy) action() dmarc.Policy {
	wish := p.record.Policy
	if p.inherited && p.record.SubdomainPolicy != "" {
		wish = p.record.SubdomainPolicy
	}
	if p.record.Percent == nil || *p.record.Percent >= 100 {
		return wish
	}
	if wish == dmarc.PolicyReject {
		return dmarc.PolicyQuarantine
	}
	return dmarc.PolicyNone
}

// policy looks at the domain, and then at the one that the organization has registered (RFC 7489, section 6.6.3). A record that makes no
// sense is none. The error says that DNS does not answer.
func (b *Bot) policy(ctx context.Context, domain string) (policy, error) {
	names := []string{domain}
	if parent := organization(domain); parent != domain {
		names = append(names, parent)
	}
	for i, name := range names {
		var failed error
		record, err := dmarc.LookupWithOptions(name, &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) {
			txt, err := b.txt(ctx, name)
			if err != nil && !isNotFound(err) {
				failed = err
			}
			return txt, err
		}})
		if failed != nil {
			return policy{}, fmt.Errorf("look up policy: %w", failed)
		}
		if err == nil {
			return policy{record, i > 0}, nil
		}
	}
	return policy{}, nil
}

// txt looks up TXT records.
func (b *Bot) txt(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	return b.dns.LookupTXT(ctx, name)
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// organization is the domain that an organization has registered (RFC 7489, section 3.2).
func organization(domain string) string {
	registered, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimSuffix(domain, "."))
	if err != nil {
		return domain
	}
	return registered
}

// aligned says whether a domain that was proven stands for the author's (RFC 7489, section 3.1).
func aligned(proven, author string, mode dmarc.AlignmentMode) bool {
	proven, author = strings.ToLower(strings.TrimSuffix(proven, ".")), strings.ToLower(author)
	if proven == "" || mode == dmarc.AlignmentStrict {
		return proven == author && proven != ""
	}
	return organization(proven) == organization(author)
}
