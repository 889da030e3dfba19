package external

import (
	"errors"
	"net"
	"net/url"
	"strconv"
)

var errAddress = errors.New("address: wants tls://host:4222 or nats://host:4222")

// checkConfig is bots.Plugin.CheckConfig.
func checkConfig(values map[string]string) (key string, err error) {
	text := values["address"]
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "tls" && u.Scheme != "nats" || u.Hostname() == "" || u.Port() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "address", errAddress
	}
	return "", nil
}

// address is where programs connect; empty if nobody knows.
func (b *bot) address() string {
	if set := b.core.Config["address"]; set != "" || b.programs.Port == 0 {
		return set
	}
	base, err := url.Parse(b.core.BaseURL)
	if err != nil {
		return ""
	}
	scheme := "nats://"
	if b.programs.Secure {
		scheme = "tls://"
	}
	return scheme + net.JoinHostPort(base.Hostname(), strconv.Itoa(b.programs.Port))
}
