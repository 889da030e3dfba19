// Package config loads the operator's configuration of the process: defaults, then the file linienfunk.toml,
// then LINIENFUNK_* variables, then flags. The cities' own configuration is in package settings.
//
// All sources go through one table of keys made from Config, so that every error names the key, its location (file and line,
// variable or flag) and the fix. docs/dependencies.md says why no library does this.
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

// Config is the configuration of one process. Each field is a key. The key of a nested table is table.key in errors and
// LINIENFUNK_TABLE_KEY in the environment.
type Config struct {
	HTTP         string `toml:"http" help:"address of the web server, host:port"`
	SMTP         string `toml:"smtp" help:"address of the SMTP server that receives the cities' mail, host:port"`
	Data         string `toml:"data" help:"directory for all persistent data"`
	BaseURL      string `toml:"base_url" help:"public URL of the web server"`
	Roles        string `toml:"roles" help:"what this node does, of several that share nats.url and database.url: bots, censor, frontend, mail"`
	Operator     string `toml:"operator" help:"addresses of the admins who run this instance and have the page /operator, separated by commas"`
	Registration string `toml:"registration" help:"who can register a city: open for everybody, invitation for whoever has a link of an operator, approval if an operator says yes afterwards, closed for nobody"`
	Proxies      string `toml:"proxies" help:"addresses of trusted reverse proxies, separated by commas: 127.0.0.1, 10.0.0.0/8; their X-Forwarded-For is trusted"`

	Log      Log      `toml:"log"`
	Censor   Censor   `toml:"censor"`
	Mail     Mail     `toml:"mail"`
	NATS     NATS     `toml:"nats"`
	Database Database `toml:"database"`
	Outgoing Outgoing `toml:"outgoing"`
	Metrics  Metrics  `toml:"metrics"`
	Traces   Traces   `toml:"traces"`
	Legal    Legal    `toml:"legal"`

	// Networks are the keys bots.<network>.<key> that the networks declare.
	Networks []Key `toml:"-"`
	// CheckNetworks check the values of a network's keys, by network. They return the name of the key whose value cannot work.
	CheckNetworks map[string]func(values map[string]string) (key string, err error) `toml:"-"`
}

// Key is a key that a network declares, with its value.
type Key struct {
	Network, Name string
	Help          string
	Secret        bool
	Value         string
}

// NetworkValues returns the values of a network's keys by name.
func (c Config) NetworkValues(network string) map[string]string {
	values := map[string]string{}
	for _, key := range c.Networks {
		if key.Network == network {
			values[key.Name] = key.Value
		}
	}
	return values
}

// Log configures the log, which goes to standard error.
type Log struct {
	Level  string `toml:"level" help:"debug, info, warn or error"`
	Format string `toml:"format" help:"text or json"`
}

// Censor configures the censor of all cities.
type Censor struct {
	Slurs string `toml:"slurs" help:"file of words that are blocked in every city, one per line, in addition to the built-in list"`
}

// Mail configures incoming and outgoing mail.
type Mail struct {
	Domain       string `toml:"domain" help:"domain of the cities' addresses"`
	Delivery     string `toml:"delivery" help:"smarthost, direct (to the recipients' servers) or outbox (files in data/outbox); empty for smarthost if that is set, else outbox"`
	Hostname     string `toml:"hostname" help:"this machine's name in EHLO; the PTR record of its address must match; empty for domain"`
	Smarthost    string `toml:"smarthost" help:"server for all outgoing mail: smtp://host:587, smtps://host:465"`
	User         string `toml:"user" help:"user name at the smarthost"`
	Password     string `toml:"password" help:"password at the smarthost" secret:"true"`
	CAFile       string `toml:"ca_file" help:"certificates to trust at the smarthost in addition to the system's, PEM"`
	TLSCert      string `toml:"tls_cert" help:"certificate chain of the SMTP server, PEM; required for STARTTLS"`
	TLSKey       string `toml:"tls_key" help:"private key of the certificate, PEM"`
	DKIMKey      string `toml:"dkim_key" help:"private key that signs outgoing mail, PEM; empty if the smarthost signs"`
	DKIMSelector string `toml:"dkim_selector" help:"selector of the DKIM key in DNS"`
}

// NATS configures the broker.
type NATS struct {
	URL         string `toml:"url" help:"external servers, nats://host:4222 or tls://host:4222, those of a cluster separated by commas; empty for the embedded one" secret:"url"`
	Credentials string `toml:"credentials" help:"file with the JWT and the key of the user, as nsc writes it; instead of a user in url"`
	CAFile      string `toml:"ca_file" help:"authorities of the servers' certificates instead of the system's, PEM; requires TLS"`
	TLSCert     string `toml:"tls_cert" help:"certificate chain that this program shows to the servers, PEM; requires TLS"`
	TLSKey      string `toml:"tls_key" help:"private key of the certificate, PEM"`
	Replicas    int    `toml:"replicas" help:"how many servers store each message: 1, or 3 or 5 in a cluster; the same on all nodes"`
	Prefix      string `toml:"prefix" help:"prefix of all subjects and streams, for a shared server"`
	Shards      int    `toml:"shards" help:"number of shards over which cities are distributed; the same on all nodes"`
	Listen      string `toml:"listen" help:"port for programs that cities connect, host:port; empty for none; not with url"`
	ListenCert  string `toml:"listen_cert" help:"certificate chain of that port, PEM; required unless its host is loopback"`
	ListenKey   string `toml:"listen_key" help:"private key of the certificate, PEM"`
}

// Database configures the database.
type Database struct {
	URL         string `toml:"url" help:"postgres://user:password@host/name; empty for SQLite in the data directory" secret:"url"`
	Connections int    `toml:"connections" help:"most connections to PostgreSQL at a time, for this node"`
}

// Outgoing configures connections to hosts that users name.
type Outgoing struct {
	AllowPrivate bool `toml:"allow_private" help:"allow connections to hosts in private networks and on this machine"`
}

// Metrics configures what monitoring systems read.
type Metrics struct {
	Listen string `toml:"listen" help:"address of a port of its own for Prometheus, host:port, on which /metrics needs no login: 127.0.0.1:9464; empty for none"`
}

// Traces configures where the way of reports, requests and commands can be followed.
type Traces struct {
	URL     string `toml:"url" help:"OpenTelemetry collector that takes OTLP over HTTP, http://127.0.0.1:4318; empty for no traces"`
	Percent int    `toml:"percent" help:"share of reports and requests that are traced, from 1 to 100"`
}

// Legal configures the pages that are linked at the foot of every page. docs/operators.md says how texts in several languages are found.
type Legal struct {
	Name    string `toml:"name" help:"who runs this instance, for the ready privacy text"`
	Address string `toml:"address" help:"e-mail address of who runs it, for the ready privacy text"`
	Imprint string `toml:"imprint" help:"Markdown file with the imprint: imprint.md, or imprint.de.md and so on beside it; cities can be registered on a public base_url when there is one"`
	Privacy string `toml:"privacy" help:"Markdown file of the privacy page; empty for a ready text about what the program stores"`
	Contact string `toml:"contact" help:"Markdown file of the contact page; cities can be registered on a public base_url when there is one"`
	Terms   string `toml:"terms" help:"Markdown file with the terms; empty for no such page"`
}

// Values of Registration.
const (
	Open         = "open"
	ByInvitation = "invitation"
	ByApproval   = "approval"
	Closed       = "closed"
)

// Operators are the addresses in Operator, in lower case.
func (c Config) Operators() []string {
	return strings.FieldsFunc(strings.ToLower(c.Operator), func(r rune) bool { return r == ',' || r == ' ' })
}

// Files are the paths of the pages by their kinds, as package legal calls them. A page that is not configured has an empty one.
func (l Legal) Files() map[string]string {
	return map[string]string{"imprint": l.Imprint, "privacy": l.Privacy, "contact": l.Contact, "terms": l.Terms}
}

// Public reports whether BaseURL is for the public: https, on another host than this machine.
func (c Config) Public() bool {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	return host != "localhost" && !strings.HasSuffix(host, ".localhost") && (err != nil || !ip.IsLoopback())
}

// MissingLegal lists the keys without which nobody can register a city: none unless BaseURL is for the public.
func (c Config) MissingLegal() (keys []string) {
	if c.Public() && c.Legal.Imprint == "" {
		keys = append(keys, "legal.imprint")
	}
	if c.Public() && c.Legal.Contact == "" {
		keys = append(keys, "legal.contact")
	}
	return keys
}

// Default returns the defaults of `linienfunk serve`.
func Default() Config {
	return Config{
		HTTP: ":8080", SMTP: ":2525", Data: "./data", Roles: "bots, censor, frontend, mail", Registration: Open,
		Proxies: "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7",
		Log:     Log{Level: "info", Format: "text"},
		Mail:    Mail{DKIMSelector: "linienfunk"},
		NATS:    NATS{Replicas: 1, Shards: 16}, Database: Database{Connections: 16},
		Traces: Traces{Percent: 100},
	}
}

// Source is a further source of values, e.g. flags.
type Source struct {
	Name   func(key string) string // spelling of the key in this source, for errors
	Values map[string]string       // by key
}

// Load merges the defaults, the file at path, the environment and more; each overrides the previous ones. A missing file is an error only
// if must is set. The error joins all errors found.
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

// ProxyPrefixes parses Proxies.
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

// Values of Mail.Delivery.
const (
	Smarthost = "smarthost"
	Direct    = "direct"
	Outbox    = "outbox"
)

// DeliveryMode returns Smarthost, Direct or Outbox. An unknown value of Delivery is returned as it is.
func (m Mail) DeliveryMode() string {
	switch {
	case m.Delivery != "":
		return m.Delivery
	case m.Smarthost != "":
		return Smarthost
	}
	return Outbox
}

// derive sets empty keys that follow from other keys.
func (c *Config) derive() {
	if c.BaseURL == "" {
		host, port, err := net.SplitHostPort(c.HTTP)
		if err != nil {
			return // check reports it
		}
		if host == "" || net.ParseIP(host).IsUnspecified() {
			host = "localhost"
		}
		c.BaseURL = "http://" + net.JoinHostPort(host, port)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if u, err := url.Parse(c.BaseURL); err == nil && c.Mail.Domain == "" {
		c.Mail.Domain = u.Hostname()
		if net.ParseIP(c.Mail.Domain) != nil { // not valid after an @
			c.Mail.Domain = "localhost"
		}
	}
}
