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

// connectTime is for connecting to one server of a domain, so that others can be tried within the time of an attempt.
const connectTime = 20 * time.Second

// directConfig is shared by the workers that deliver to the recipients' own servers.
type directConfig struct {
	name     string // for EHLO
	resolver Resolver
	dial     dialer
	policies *policies
	roots    *x509.CertPool // nil for the system's
}

// directTransport delivers to the servers of the recipient's domain, and keeps the connection for the next message. All messages of a
// worker have the same destination, and so the same domain.
type directTransport struct {
	*directConfig
	domain string
	client *smtpClient
}

func (t *directTransport) deliver(ctx context.Context, e envelope) error {
	domain := domainOf(e.To)
	if t.client != nil && t.domain == domain && t.client.conn != nil {
		return hideServer(t.client.deliver(ctx, e))
	}
	t.close()
	client, err := t.connect(ctx, domain)
	if err != nil {
		return err
	}
	t.domain, t.client = domain, client
	return hideServer(client.deliver(ctx, e))
}

func (t *directTransport) close() {
	if t.client != nil {
		t.client.close()
		t.client = nil
	}
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// connect connects to the first server of the domain that responds.
func (t *directTransport) connect(ctx context.Context, domain string) (*smtpClient, error) {
	hosts, err := mailServers(ctx, t.resolver, domain)
	if err != nil {
		return nil, err
	}
	policy := t.policies.get(ctx, domain)
	// RFC 8461, section 5: servers that the policy does not list count as unreachable.
	err = &temporaryError{reply{stage: "MTA-STS", code: 451, enhanced: [3]int{4, 7, 1}}}
	for _, host := range hosts {
		if policy.enforce && !policy.allows(host) {
			continue
		}
		var client *smtpClient
		if client, err = t.connectHost(ctx, host, policy.enforce); err == nil {
			return client, nil
		}
	}
	return nil, err
}

// connectHost connects to one server. Without a policy TLS is opportunistic (RFC 7435): the certificate is not verified, and
// plaintext is the fallback.
func (t *directTransport) connectHost(ctx context.Context, host string, verify bool) (*smtpClient, error) {
	addresses, err := t.resolver.LookupIPAddr(ctx, host+".")
	if len(addresses) == 0 {
		return nil, errDNS
	}
	if len(addresses) > maxHosts {
		addresses = addresses[:maxHosts]
	}
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	encryptions := []encryption{opportunistic, plaintext}
	if verify {
		encryptions = []encryption{startTLS}
	}
	for _, address := range addresses {
		for _, enc := range encryptions {
			client := &smtpClient{name: t.name, dialer: t.dial, server: smtpServer{
				address: net.JoinHostPort(address.String(), "25"), encryption: enc,
				tls: &tls.Config{ServerName: host, RootCAs: t.roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: !verify},
			}}
			if err = connectWithin(ctx, client, connectTime); err == nil {
				return client, nil
			}
			var tlsErr *tlsError
			if !errors.As(err, &tlsErr) {
				break // plaintext would not help
			}
		}
	}
	return nil, unreachable(err)
}

func connectWithin(ctx context.Context, client *smtpClient, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return client.connect(ctx)
}

// hideServer replaces an error that is not a reply, and may name the server: logs must not show the recipients' domains.
func hideServer(err error) error {
	var permanent *permanentError
	var temporary *temporaryError
	if err == nil || errors.As(err, &permanent) || errors.As(err, &temporary) {
		return err
	}
	return &temporaryError{reply{stage: "connection", code: 451, enhanced: [3]int{4, 4, 2}}} // RFC 3463, section 3.5
}

// unreachable is hideServer for errors of connecting.
func unreachable(err error) error {
	var temporary *temporaryError
	if errors.As(err, &temporary) {
		return temporary
	}
	var tlsErr *tlsError
	if errors.As(err, &tlsErr) {
		return &temporaryError{reply{stage: "STARTTLS", code: 451, enhanced: [3]int{4, 7, 5}}}
	}
	return &temporaryError{reply{stage: "connect", code: 451, enhanced: [3]int{4, 4, 1}}}
}
