// Package config holds the process's own configuration, which the operator sets: defaults, then the file linienfunk.toml,
// then LINIENFUNK_* variables, then flags. What a city's admins set is in package settings.
//
// All sources go through one table of keys made from Config, so that an unknown or bad key is answered the same way
// everywhere: with its name, where it stands, and what would be right. (caarlos0/env, which DEPENDENCIES named, and
// toml's decoding into structs each have their own wording, and know neither the other's keys nor the line.)
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Config is the configuration of one process. Fields are keys: a key of a table is written table.key in errors,
// LINIENFUNK_TABLE_KEY in the environment.
type Config struct {
	HTTP    string `toml:"http" help:"address of the web server, host:port"`
	SMTP    string `toml:"smtp" help:"address of the SMTP server that takes the cities' mail, host:port"`
	Data    string `toml:"data" help:"directory for everything that must be kept"`
	BaseURL string `toml:"base_url" help:"how the web server is reached from outside"`
	Proxies string `toml:"proxies" help:"addresses of your own reverse proxies, with commas: 127.0.0.1, 10.0.0.0/8; they are believed who visits"`

	Log      Log      `toml:"log"`
	Censor   Censor   `toml:"censor"`
	Mail     Mail     `toml:"mail"`
	NATS     NATS     `toml:"nats"`
	Database Database `toml:"database"`
	Outgoing Outgoing `toml:"outgoing"`

	// Networks are the keys that networks declare, as bots.<network>.<key>, with their values.
	Networks []Key `toml:"-"`
}

// Key is a key of a network.
type Key struct {
	Network, Name string
	Help          string
	Secret        bool
	Value         string
}

// Of returns the values of a network's keys.
func (c Config) NetworkValues(network string) map[string]string {
	values := map[string]string{}
	for _, key := range c.Networks {
		if key.Network == network {
			values[key.Name] = key.Value
		}
	}
	return values
}

// Log says what is logged, to standard error.
type Log struct {
	Level  string `toml:"level" help:"debug, info, warn or error"`
	Format string `toml:"format" help:"text or json"`
}

// Censor is what the operator adds to the censor of all cities.
type Censor struct {
	Slurs string `toml:"slurs" help:"file of words that no city's riders may relay, one a line, added to those that the program brings"`
}

// Mail says how mail comes and goes.
type Mail struct {
	Domain       string `toml:"domain" help:"what stands behind the @ of the cities' addresses"`
	Delivery     string `toml:"delivery" help:"smarthost; direct: to the recipients' own servers; outbox: into files in data/outbox; empty for smarthost if that is set, else outbox"`
	Hostname     string `toml:"hostname" help:"name of this machine, with which it greets other servers; its address must lead back to it; empty for domain"`
	Smarthost    string `toml:"smarthost" help:"server that takes all outgoing mail: smtp://host:587, smtps://host:465"`
	User         string `toml:"user" help:"login at the smarthost"`
	Password     string `toml:"password" help:"password at the smarthost" secret:"true"`
	CAFile       string `toml:"ca_file" help:"certificates to trust at the smarthost besides the system's, PEM"`
	TLSCert      string `toml:"tls_cert" help:"certificate chain of the SMTP server, PEM; without it there is no STARTTLS"`
	TLSKey       string `toml:"tls_key" help:"its key, PEM"`
	DKIMKey      string `toml:"dkim_key" help:"private key that signs outgoing mail, PEM; empty when the smarthost signs"`
	DKIMSelector string `toml:"dkim_selector" help:"its selector in DNS"`
}

// NATS says where the broker is.
type NATS struct {
	URL    string `toml:"url" help:"external server, nats://host:4222; empty for the embedded one" secret:"url"`
	Prefix string `toml:"prefix" help:"before all subjects and streams, on a server that serves others too"`
	Shards int    `toml:"shards" help:"how many ways cities are spread; the same on all nodes"`
}

// Database says where the database is.
type Database struct {
	URL string `toml:"url" help:"postgres://user:password@host/name; empty for SQLite in the data directory" secret:"url"`
}

// Outgoing limits connections to hosts that users name.
type Outgoing struct {
	AllowPrivate bool `toml:"allow_private" help:"let users name hosts in private networks and on this machine"`
}

// Default is the configuration of `linienfunk serve` without any setting.
func Default() Config {
	return Config{
		HTTP: ":8080", SMTP: ":2525", Data: "./data",
		Proxies: "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7",
		Log:     Log{Level: "info", Format: "text"},
		Mail:    Mail{DKIMSelector: "linienfunk"},
		NATS:    NATS{Shards: 16},
	}
}

// Source is one place that settings come from, besides the file: flags, for example.
type Source struct {
	Name   func(key string) string // how the key is written there, for errors
	Values map[string]string       // by key
}

// Load puts together the defaults, the file at path, the environment and more, each stronger than those before. A file that is
// missing is an error only if must is set. The error joins all that is wrong.
func Load(defaults Config, path string, must bool, environ []string, more ...Source) (Config, error) {
	c := defaults
	c.Networks = slices.Clone(c.Networks)
	t := newTable(&c)
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		t.readFile(path, string(text))
	case !errors.Is(err, fs.ErrNotExist) || must:
		return c, fmt.Errorf("read configuration: %w", err)
	}
	t.readEnvironment(environ)
	for _, source := range more {
		for key, value := range source.Values {
			t.set(key, value, source.Name(key))
		}
	}
	if len(t.errs) == 0 {
		c.derive()
		c.check(t)
	}
	return c, errors.Join(t.errs...)
}

// ProxyPrefixes are the addresses in Proxies.
func (c Config) ProxyPrefixes() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range strings.FieldsFunc(c.Proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(text)
		if ip, single := netip.ParseAddr(text); single == nil {
			prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, prefix)
	}
	return all, nil
}

// How mail leaves: values of Mail.Delivery.
const (
	Smarthost = "smarthost"
	Direct    = "direct"
	Outbox    = "outbox"
)

// Way is how mail leaves: one of the above.
func (m Mail) DeliveryMode() string {
	switch {
	case m.Delivery != "":
		return m.Delivery
	case m.Smarthost != "":
		return Smarthost
	}
	return Outbox
}

// derive fills in what follows from other keys.
func (c *Config) derive() {
	if c.BaseURL == "" {
		host, port, err := net.SplitHostPort(c.HTTP)
		if err != nil {
			return // check will say so
		}
		if host == "" || net.ParseIP(host).IsUnspecified() {
			host = "localhost"
		}
		c.BaseURL = "http://" + net.JoinHostPort(host, port)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if u, err := url.Parse(c.BaseURL); err == nil && c.Mail.Domain == "" {
		c.Mail.Domain = u.Hostname()
		if net.ParseIP(c.Mail.Domain) != nil { // behind an @ it would be no domain
			c.Mail.Domain = "localhost"
		}
	}
}
