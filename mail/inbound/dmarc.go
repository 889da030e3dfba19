package inbound

import (
	"context"
	"fmt"
	"net"
	"strings"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dmarc"

	"linienfunk/mail/text"
)

// authenticate judges whether the author's domain has authorized a mail (DMARC, RFC 7489), by the client's address (SPF, RFC 7208)
// and its signatures (DKIM, RFC 6376). A domain without a policy is judged by its SPF record. Mailing lists and forwarders break
// both for some mails: a domain's owner accepts that by choosing a policy.
func (c checks) authenticate(ctx context.Context, m *text.Message, from string, by client, signed signatures) Verdict {
	if doubt := severalAuthors(m); doubt != "" {
		return Verdict{Doubt: doubt}
	}
	domain, err := text.ASCIIDomain(text.Domain(m.Author(from)))
	if err != nil || !strings.Contains(domain, ".") || !by.ip.IsValid() && len(signed.domains) == 0 && !signed.unknown {
		return Verdict{} // nothing can be learnt
	}
	policy, err := c.policy(ctx, domain)
	if err != nil {
		return Verdict{}
	}
	if policy.record != nil && signed.by(domain, policy.record.DKIMAlignment) || policy.record == nil && signed.by(domain, dmarc.AlignmentRelaxed) {
		return Verdict{Proven: true}
	}
	result, spoke := c.spf(ctx, by, from)
	if policy.record == nil {
		switch ours := aligned(spoke, domain, dmarc.AlignmentRelaxed); {
		case result == spf.Fail && ours:
			return Verdict{Doubt: "SPF: fail"}
		default:
			return Verdict{Proven: result == spf.Pass && ours}
		}
	}
	if result == spf.Pass && aligned(spoke, domain, policy.record.SPFAlignment) {
		return Verdict{Proven: true}
	}
	if result == spf.TempError || signed.unknown {
		return Verdict{}
	}
	return judge(policy.action(), !by.relayed && !signed.partial)
}

// judge returns the verdict for the policy of a domain. reject is set if the mail may be rejected.
func judge(wish dmarc.Policy, reject bool) Verdict {
	switch wish {
	case dmarc.PolicyReject:
		return Verdict{Reject: reject, Doubt: "DMARC: reject"}
	case dmarc.PolicyQuarantine:
		return Verdict{Doubt: "DMARC: quarantine"}
	}
	return Verdict{}
}

// severalAuthors doubts a mail with two From fields: the author's server and this one may check different ones (RFC 7489, section 6.6.1).
func severalAuthors(m *text.Message) (doubt string) {
	if len(m.Values("From")) > 1 {
		return "From: several authors"
	}
	return ""
}

// spf returns SPF's result and the domain that it is about: that of the envelope's sender, or of the greeting if there is none. For an
// unknown client the result is a temporary error.
func (c checks) spf(ctx context.Context, by client, from string) (spf.Result, string) {
	if !by.ip.IsValid() {
		return spf.TempError, ""
	}
	ctx, cancel := context.WithTimeout(ctx, spfTime)
	defer cancel()
	domain := text.Domain(from)
	if domain == "" {
		domain = by.helo
	}
	result, _ := spf.CheckHostWithSender(net.IP(by.ip.AsSlice()), by.helo, from, spf.WithContext(ctx), spf.WithResolver(c.dns)) // the error explains the result
	return result, strings.ToLower(domain)
}

// policy is a domain's DMARC record, nil if it has none.
type policy struct {
	record    *dmarc.Record
	inherited bool // it is that of the organization's domain
}

// action is the domain's policy for mails that fail. A policy for a part of them (pct) counts as the next milder one for all; RFC 7489,
// section 6.6.4, draws lots.
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

// policy looks up the domain's record, or else that of the domain that the organization has registered (RFC 7489, section 6.6.3). An invalid
// record counts as none. The error says that DNS does not answer.
func (c checks) policy(ctx context.Context, domain string) (policy, error) {
	names := []string{domain}
	if parent := organization(domain); parent != domain {
		names = append(names, parent)
	}
	for i, name := range names {
		var failed error
		record, err := dmarc.LookupWithOptions(name, &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) {
			txt, err := c.txt(ctx, name)
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
