package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"linienfunk/internal/legal"
)

// smarthostSchemes are the schemes that package mail supports.
var smarthostSchemes = []string{"smtp", "smtps", "smtp+starttls", "smtp+insecure"}

var (
	domainForm  = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$`)
	addressForm = regexp.MustCompile(`^[^\s@<>]+@[^\s@<>]+$`)
	prefixForm  = regexp.MustCompile(`^[a-zA-Z0-9-]*$`)
)

// Bounds of database.connections.
const minConnections, maxConnections = 2, 1000

// check reports every invalid value.
func (c Config) check(t *table) {
	bad := func(key, format string, args ...any) {
		origin := cmp.Or(t.origin[key], "default")
		if strings.HasPrefix(origin, "--") { // a flag, which is named like its key
			t.errorf(origin, format, args...)
			return
		}
		t.errorf(origin, "%s: "+format, append([]any{key}, args...)...)
	}
	for _, key := range []string{"http", "smtp"} {
		value := t.fields[key].value.String()
		if _, err := net.ResolveTCPAddr("tcp", value); err != nil || value == "" {
			bad(key, "wants host:port or :port, with a port up to 65535, not %q", value)
		}
	}
	if s := c.Metrics.Listen; s != "" {
		if _, err := net.ResolveTCPAddr("tcp", s); err != nil {
			bad("metrics.listen", "wants host:port or :port, with a port up to 65535, not %q", s)
		} else if s == c.HTTP || s == c.SMTP {
			bad("metrics.listen", "wants a port of its own, which is not public, not %q", s)
		}
	}
	c.Traces.check(bad)
	if c.Data == "" {
		bad("data", "wants a directory")
	}
	u, err := url.Parse(c.BaseURL)
	based := err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && strings.Trim(u.Path, "/") == ""
	if c.BaseURL != "" && !based {
		bad("base_url", "wants https://host without a path, not %q", c.BaseURL)
	}
	if _, err := c.ProxyPrefixes(); err != nil {
		bad("proxies", "wants addresses such as 127.0.0.1 or 10.0.0.0/8: %v", err)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "wants debug, info, warn or error, not %q", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		bad("log.format", "wants text or json, not %q", c.Log.Format)
	}
	if (based || t.origin["mail.domain"] != "") && !domainForm.MatchString(c.Mail.Domain) {
		bad("mail.domain", "wants a domain such as example.org, not %q", c.Mail.Domain)
	}
	if !slices.Contains([]string{Smarthost, Direct, Outbox}, c.Mail.DeliveryMode()) {
		bad("mail.delivery", "wants smarthost, direct or outbox, not %q", c.Mail.Delivery)
	}
	if c.Mail.Delivery == Smarthost && c.Mail.Smarthost == "" {
		bad("mail.smarthost", "is missing: mail.delivery is smarthost")
	}
	if s := c.Mail.Hostname; s != "" && !domainForm.MatchString(s) {
		bad("mail.hostname", "wants a name such as mail.example.org, not %q", s)
	}
	if s := c.Mail.Smarthost; s != "" {
		u, err := url.Parse(s)
		if err != nil || !slices.Contains(smarthostSchemes, u.Scheme) || u.Port() == "" || u.User != nil || u.Path != "" {
			bad("mail.smarthost", "wants %s, then ://host:587; user and password are keys of their own", strings.Join(smarthostSchemes, " or "))
		}
	}
	if c.Mail.Smarthost == "" && (c.Mail.User != "" || c.Mail.Password != "") {
		bad("mail.smarthost", "is missing: mail.user and mail.password are its login")
	}
	c.checkRoles(bad)
	c.checkFiles(t, bad)
	c.Legal.check(bad)
	if !slices.Contains([]string{Open, ByInvitation, ByApproval, Closed}, c.Registration) {
		bad("registration", "wants open, invitation, approval or closed, not %q", c.Registration)
	}
	for _, address := range c.Operators() {
		if !addressForm.MatchString(address) {
			bad("operator", "wants addresses such as ada@example.org, separated by commas, not %q", address)
		}
	}
	for _, network := range slices.Sorted(maps.Keys(c.CheckNetworks)) {
		if key, err := c.CheckNetworks[network](c.NetworkValues(network)); err != nil {
			bad("bots."+network+"."+key, "%s", strings.TrimPrefix(err.Error(), key+": "))
		}
	}
	c.NATS.check(bad)
	if s := c.Database.URL; s != "" && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
		bad("database.url", "wants postgres://user:password@host/name")
	}
	switch n := c.Database.Connections; {
	case n < minConnections || n > maxConnections:
		bad("database.connections", "wants a number from %d to %d, not %d", minConnections, maxConnections, n)
	case c.Database.URL == "" && n != Default().Database.Connections:
		bad("database.connections", "is for PostgreSQL: set database.url, too")
	}
}

func (c Traces) check(bad func(key, format string, args ...any)) {
	if c.Percent < 1 || c.Percent > 100 {
		bad("traces.percent", "wants a number from 1 to 100, not %d; leave traces.url empty for no traces", c.Percent)
	}
	if c.URL == "" {
		return
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		bad("traces.url", "wants the address of a collector without a user, such as http://127.0.0.1:4318") // not quoted: there may be a password in it
	}
}

func (l Legal) check(bad func(key, format string, args ...any)) {
	files := l.Files()
	for _, kind := range legal.Kinds {
		if _, found := legal.Find(files[kind], ""); files[kind] != "" && !found {
			bad("legal."+kind, "no such file: %s; nor is there one for a language beside it, such as %s", files[kind], legal.For(files[kind], "en"))
		}
	}
	if l.Address != "" && !addressForm.MatchString(l.Address) {
		bad("legal.address", "wants an address such as info@example.org, not %q", l.Address)
	}
}

func (c Config) checkFiles(t *table, bad func(key, format string, args ...any)) {
	if (c.Mail.TLSCert == "") != (c.Mail.TLSKey == "") {
		bad("mail.tls_cert", "needs mail.tls_key, and the other way round")
	}
	for _, key := range []string{"mail.ca_file", "mail.tls_cert", "mail.tls_key", "mail.dkim_key", "censor.slurs",
		"nats.credentials", "nats.ca_file", "nats.tls_cert", "nats.tls_key", "nats.listen_cert", "nats.listen_key"} {
		path := t.fields[key].value.String()
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			bad(key, "%v", err)
		}
	}
}

// String returns the configuration in the format of the file, with comments and without secrets.
func (c Config) String() string {
	t := newTable(&c)
	var out strings.Builder
	section := ""
	for _, key := range t.keys {
		table, name := "", key
		if i := strings.LastIndex(key, "."); i >= 0 {
			table, name = key[:i], key[i+1:]
		}
		if table != section {
			fmt.Fprintf(&out, "\n[%s]\n", table)
			section = table
		}
		f := t.fields[key]
		fmt.Fprintf(&out, "# %s\n%s = %s\n", f.help, name, f.masked())
	}
	return out.String()
}

func (f field) masked() string {
	value := f.value.Interface()
	text, ok := value.(string)
	if !ok {
		return fmt.Sprint(value)
	}
	switch {
	case text == "":
	case f.secret == "true":
		text = "***"
	case f.secret == "url": // a password may be in the user info, in the query, and in each of several addresses
		scheme, _, _ := strings.Cut(text, "://")
		text = scheme + "://***"
	}
	return fmt.Sprintf("%q", text)
}
