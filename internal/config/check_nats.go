package config

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// check reports every value that cannot work. No error quotes an address: there may be a password in it.
func (c NATS) check(bad func(key, format string, args ...any)) {
	if c.Shards < 1 || c.Shards > 1024 {
		bad("nats.shards", "wants a number from 1 to 1024, not %d", c.Shards)
	}
	if !prefixForm.MatchString(c.Prefix) {
		bad("nats.prefix", "wants letters, digits and dashes, not %q", c.Prefix)
	}
	if !slices.Contains([]int{1, 3, 5}, c.Replicas) {
		bad("nats.replicas", "wants 1, 3 or 5, not %d", c.Replicas)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("nats.tls_cert", "needs nats.tls_key, and the other way round")
	}
	c.checkListen(bad)
	if c.URL == "" {
		for key, set := range map[string]bool{"nats.credentials": c.Credentials != "", "nats.ca_file": c.CAFile != "", "nats.tls_cert": c.TLSCert != "",
			"nats.replicas": c.Replicas > 1} {
			if set {
				bad(key, "needs nats.url: the embedded server is one, and has no port")
			}
		}
		return
	}
	sockets, user := 0, false
	servers := strings.Split(c.URL, ",")
	for i, server := range servers {
		u, err := parseServer(strings.TrimSpace(server))
		if err != nil {
			bad("nats.url", "server %d of %d: %v", i+1, len(servers), err)
			return
		}
		if strings.HasPrefix(u.Scheme, "ws") {
			sockets++
		}
		user = user || u.User != nil
	}
	if sockets > 0 && sockets < len(servers) {
		bad("nats.url", "wants either WebSocket (ws, wss) or NATS's own protocol (nats, tls) for all servers")
	}
	if user && c.Credentials != "" {
		bad("nats.credentials", "wants nats.url without a user: the file names the user")
	}
}

// checkListen checks the port for programs of cities.
func (c NATS) checkListen(bad func(key, format string, args ...any)) {
	if (c.ListenCert == "") != (c.ListenKey == "") {
		bad("nats.listen_cert", "needs nats.listen_key, and the other way round")
	}
	if c.Listen == "" {
		if c.ListenCert != "" {
			bad("nats.listen_cert", "needs nats.listen, such as \":4222\"")
		}
		return
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if number, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || number > 65535 {
		bad("nats.listen", "wants host:port, such as \":4222\", not %q", c.Listen)
		return
	}
	if c.URL != "" {
		bad("nats.listen", "is for the embedded server: with nats.url, programs connect to your servers, as users that linienfunk nats permissions prints")
	}
	if ip := net.ParseIP(host); c.ListenCert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		bad("nats.listen", "needs nats.listen_cert and nats.listen_key, since passwords pass it; only on 127.0.0.1 it may be without")
	}
}

// parseServer parses the address of one server. Its errors do not quote it.
func parseServer(address string) (*url.URL, error) {
	const form = "wants nats://host:4222 or tls://host:4222, several with commas"
	u, err := url.Parse(address)
	switch {
	case address == "":
		return nil, errors.New("is empty; " + form)
	case err != nil:
		return nil, errors.New(form + "; special characters in a user or password are percent-encoded, such as %2C for a comma")
	case !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, errors.New(form)
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return nil, errors.New("wants a port up to 65535")
	}
	if strings.Contains(u.Hostname(), ":") && net.ParseIP(u.Hostname()) == nil {
		return nil, errors.New("wants an IPv6 address in brackets, such as nats://[::1]:4222")
	}
	return u, nil
}
