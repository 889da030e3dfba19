package inbound

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// Limits of look-ups in DNS. A warning must not wait for a slow server: a look-up that times out never makes a mail fail.
const (
	dnsTime = 3 * time.Second // for one look-up
	spfTime = 6 * time.Second // for all that an SPF record asks for, at most ten (RFC 7208, section 4.6.4)
)

// checks look up the DNS records for the checks of a mail's author.
type checks struct {
	dns spf.DNSResolver
	log *slog.Logger
}

// txt looks up TXT records.
func (c checks) txt(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	return c.dns.LookupTXT(ctx, name)
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

// aligned reports whether a domain that was authenticated stands for the author's (RFC 7489, section 3.1).
func aligned(authenticated, author string, mode dmarc.AlignmentMode) bool {
	authenticated, author = strings.ToLower(strings.TrimSuffix(authenticated, ".")), strings.ToLower(author)
	if authenticated == "" || mode == dmarc.AlignmentStrict {
		return authenticated == author && authenticated != ""
	}
	return organization(authenticated) == organization(author)
}
