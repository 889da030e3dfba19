package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// connectTime is for one server of a domain, up to its greeting being answered: the next one must have its turn within the time of an attempt.
const connectTime = 20 * time.Second

// dialer connects to a server that a recipient's domain names.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// courier makes transports that deliver to the recipients' own servers.
type courier struct {
	name     string // for EHLO
	resolver Resolver
	dial     dialer
	policies *policies
	roots    *x509.CertPool // nil for the system's
}

// direct delivers to the servers of a domain, and keeps the connection for the next mail. It has the mails of one lane,
// which are all for the same domain.
type direct struct {
	*courier
	domain string
	conn   *client
}

func (d *direct) deliver(ctx context.Context, e envelope) error {
	domain := domainOf(e.To)
	if d.conn != nil && d.domain == domain && d.conn.conn != nil {
		return brokenOff(d.conn.deliver(ctx, e))
	}
	d.close()
	conn, err := d.reach(ctx, domain)
	if err != nil {
		return err
	}
	d.domain, d.conn = domain, conn
	return brokenOff(conn.deliver(ctx, e))
}

// brokenOff leaves out of an error that is no answer which server it was, as unreachable does.
func brokenOff(err error) error {
	var refused *refusal
	var delayed *delay
	if err == nil || errors.As(err, &refused) || errors.As(err, &delayed) {
		return err
	}
	return &delay{answer{stage: "connection", code: 451, enhanced: [3]int{4, 4, 2}}} // RFC 3463, section 3.5
}

func (d *direct) close() {
	if d.conn != nil {
		d.conn.close()
		d.conn = nil
	}
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// reach connects to the first server of the domain that answers.
func (d *direct) reach(ctx context.Context, domain string) (*client, error) {
	hosts, err := exchangers(ctx, d.resolver, domain)
	if err != nil {
		return nil, err
	}
	rule := d.policies.of(ctx, domain)
	// Of RFC 8461, section 5: a server that is not listed is as one that cannot be reached.
	err = &delay{answer{stage: "MTA-STS", code: 451, enhanced: [3]int{4, 7, 1}}}
	for _, host := range hosts {
		if rule.enforce && !rule.allows(host) {
			continue
		}
		var conn *client
		if conn, err = d.call(ctx, host, rule.enforce); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// call connects to one server, in the clear only if it offers no encryption or that fails, and nobody demands it: an
// encryption that is not verified keeps out those who only listen (RFC 7435).
func (d *direct) call(ctx context.Context, host string, verified bool) (*client, error) {
	addresses, err := d.resolver.LookupIPAddr(ctx, host+".")
	if len(addresses) == 0 {
		return nil, errDNS
	}
	if len(addresses) > maxHosts {
		addresses = addresses[:maxHosts]
	}
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	ways := []encryption{opportunist, plaintext}
	if verified {
		ways = []encryption{startTLS}
	}
	for _, address := range addresses {
		for _, way := range ways {
			c := &client{name: d.name, dialer: d.dial, host: smarthost{
				address: net.JoinHostPort(address.String(), "25"), encryption: way,
				tls: &tls.Config{ServerName: host, RootCAs: d.roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: !verified},
			}}
			if err = d.connect(ctx, c); err == nil {
				return c, nil
			}
			var tried *tlsError
			if !errors.As(err, &tried) {
				break // it was not the encryption
			}
		}
	}
	return nil, unreachable(err)
}

func (d *direct) connect(ctx context.Context, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return c.connect(ctx)
}

// unreachable leaves out of an error which server it was, since the log does not tell for whom mails are.
func unreachable(err error) error {
	var said *delay
	if errors.As(err, &said) {
		return said
	}
	var tried *tlsError
	if errors.As(err, &tried) {
		return &delay{answer{stage: "STARTTLS", code: 451, enhanced: [3]int{4, 7, 5}}}
	}
	return &delay{answer{stage: "connect", code: 451, enhanced: [3]int{4, 4, 1}}}
}
