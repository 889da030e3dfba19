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

// parseSmarthost parses Config.Smarthost and reads Config.CAFile.
func parseSmarthost(c Config) (smtpServer, error) {
	scheme, rest, found := strings.Cut(c.Smarthost, "://")
	if !found {
		scheme, rest = "smtp", c.Smarthost
	}
	schemes := map[string]encryption{
		"smtp": startTLS, "smtp+starttls": startTLS, "smtps": implicitTLS, "smtp+insecure": plaintext,
	}
	enc, ok := schemes[scheme]
	if !ok {
		return smtpServer{}, errors.New("smarthost: the scheme must be smtp, smtp+starttls, smtps or smtp+insecure")
	}
	host, port, err := splitPort(rest, enc)
	if err != nil {
		return smtpServer{}, err
	}
	if scheme == "smtp" && isLoopback(host) {
		enc = opportunistic
	}
	roots, err := authorities(c.CAFile)
	return smtpServer{
		address: net.JoinHostPort(host, port), encryption: enc, user: c.User, password: c.Password,
		tls: &tls.Config{
			ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: enc == opportunistic,
		},
	}, err
}

// splitPort splits host and port. The default port is 587, or 465 for implicit TLS (RFC 8314, section 3.3).
func splitPort(address string, enc encryption) (host, port string, err error) {
	if strings.ContainsAny(address, "@/ ") {
		return "", "", errors.New("smarthost: it must be host:port; user and password have keys of their own")
	}
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "587"
		if enc == implicitTLS {
			port = "465"
		}
	}
	if host == "" || port == "" {
		return "", "", errors.New("smarthost: host or port is empty")
	}
	return host, port, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// authorities returns the system's certificate authorities and those of a PEM file; nil, for the system's, without a file.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read certificate authorities: %s has no certificate in PEM format", path)
	}
	return pool, nil
}
