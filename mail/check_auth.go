package mail

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// checkDKIM checks that our public key is published at its selector: RFC 6376, section 3.6.1.
func (c *checker) checkDKIM(ctx context.Context) Finding {
	f := Finding{Name: "DKIM"}
	if c.signer == nil {
		if c.Smarthost != "" {
			return Finding{Name: f.Name, State: Skipped, Say: "mail.dkim_key is not set: the smarthost must sign"}
		}
		f.State = Missing
		f.Say = "mail.dkim_key is not set: make a key with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim.pem"
		return f
	}
	name := c.signer.selector + "._domainkey." + c.Domain
	kind, key, err := c.signer.publicRecord()
	if err != nil {
		f.State, f.Say = Wrong, err.Error()
		return f
	}
	f.Record = name + ". IN TXT " + quoted("v=DKIM1; k="+kind+"; p="+key)
	records, err := c.Resolver.LookupTXT(ctx, name+".")
	switch {
	case err != nil && !isNotFound(err):
		return dnsFailed(f.Name)
	case len(records) == 0:
		f.State, f.Say = Missing, "receivers cannot verify our signatures"
		return f
	case len(records) > 1:
		f.State, f.Say = Wrong, "there are several records at "+name+"; keep only this one"
		return f
	}
	tags := tagList(records[0])
	if v, ok := tags["v"]; ok && v != "DKIM1" || strings.Join(strings.Fields(tags["p"]), "") != key {
		f.State, f.Say = Wrong, "the record at "+name+" does not match mail.dkim_key"
		return f
	}
	if k, ok := tags["k"]; ok && k != kind || !ok && kind != "rsa" {
		f.State, f.Say = Wrong, "the record at "+name+" is for another type of key"
		return f
	}
	if slices.Contains(strings.Split(tags["t"], ":"), "y") {
		f.State, f.Say = Wrong, "the record at "+name+" has t=y: receivers ignore signatures in testing mode"
		return f
	}
	return Finding{Name: f.Name, State: Right, Say: "the record at " + name + " matches mail.dkim_key"}
}

// publicRecord returns the public key in the format of DKIM records; RFC 8463, section 4 for Ed25519.
func (s *signer) publicRecord() (kind, key string, err error) {
	switch public := s.key.Public().(type) {
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return "", "", fmt.Errorf("encode DKIM key: %w", err)
		}
		return "rsa", base64.StdEncoding.EncodeToString(der), nil
	case ed25519.PublicKey:
		return "ed25519", base64.StdEncoding.EncodeToString(public), nil
	}
	return "", "", fmt.Errorf("a key of type %T cannot sign", s.key)
}

// tagList parses tag=value pairs: RFC 6376, section 3.2.
func tagList(text string) map[string]string {
	tags := map[string]string{}
	for _, field := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(field, "=")
		tags[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return tags
}

// quoted splits a text into quoted strings of at most 255 bytes, the limit in TXT records (RFC 1035, section 3.3.14).
func quoted(text string) string {
	var parts []string
	for len(text) > 255 {
		parts, text = append(parts, `"`+text[:255]+`"`), text[255:]
	}
	return strings.Join(append(parts, `"`+text+`"`), " ")
}

// checkDMARC checks the domain, then its organizational domain: RFC 7489, section 6.6.3.
func (c *checker) checkDMARC(ctx context.Context) Finding {
	f := Finding{Name: "DMARC", Record: fmt.Sprintf(`_dmarc.%s. IN TXT "v=DMARC1; p=quarantine"`, c.Domain)}
	domains := []string{c.Domain}
	if organization, err := publicsuffix.EffectiveTLDPlusOne(c.Domain); err == nil && organization != c.Domain {
		domains = append(domains, organization)
	}
	for _, domain := range domains {
		records, err := c.versioned(ctx, "_dmarc."+domain, "v=DMARC1")
		switch {
		case err != nil:
			return dnsFailed(f.Name)
		case len(records) == 0:
			continue
		case len(records) > 1:
			f.State, f.Say = Wrong, "there are several records at _dmarc."+domain+"; only one is allowed"
			return f
		}
		switch p := strings.ToLower(tagList(records[0])["p"]); p {
		case "none", "quarantine", "reject":
			return Finding{Name: f.Name, State: Right, Say: "the policy at _dmarc." + domain + " is " + p}
		}
		f.State, f.Say = Wrong, "the record at _dmarc."+domain+" has no policy (p=none, quarantine or reject)"
		return f
	}
	f.State, f.Say = Missing, "large receivers demand one"
	return f
}
