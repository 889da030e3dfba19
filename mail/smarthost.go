package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// encryption of the connection to the smarthost.
type encryption int

const (
	startTLS    encryption = iota // required
	opportunist                   // STARTTLS when offered, for loopback only: certificates are not verified there
	implicitTLS
	plaintext
)

// smarthost is the parsed Config.Smarthost.
type smarthost struct {
	address        string // host:port
	encryption     encryption
	tls            *tls.Config
	user, password string
}

func parseSmarthost(c Config) (smarthost, error) {
	scheme, rest, found := strings.Cut(c.Smarthost, "://")
	if !found {
		scheme, rest = "smtp", c.Smarthost
	}
	kinds := map[string]encryption{
		"smtp": startTLS, "smtp+starttls": startTLS, "smtps": implicitTLS, "smtp+insecure": plaintext,
	}
	kind, ok := kinds[scheme]
	if !ok {
		return smarthost{}, errors.New("smarthost: the scheme must be smtp, smtp+starttls, smtps or smtp+insecure")
	}
	host, port, err := splitPort(rest, kind)
	if err != nil {
		return smarthost{}, err
	}
	if scheme == "smtp" && loopback(host) {
		kind = opportunist
	}
	roots, err := authorities(c.CAFile)
	return smarthost{
		address: net.JoinHostPort(host, port), encryption: kind, user: c.User, password: c.Password,
		tls: &tls.Config{
			ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: kind == opportunist,
		},
	}, err
}

func splitPort(address string, kind encryption) (host, port string, err error) {
	if strings.ContainsAny(address, "@/ ") {
		return "", "", errors.New("smarthost: it must be host:port; user and password have keys of their own")
	}
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "587"
		if kind == implicitTLS {
			port = "465"
		}
	}
	if host == "" || port == "" {
		return "", "", errors.New("smarthost: host or port is empty")
	}
	return host, port, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read authorities of the smarthost: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read authorities of the smarthost: %s has no certificate in PEM format", path)
	}
	return pool, nil
}
