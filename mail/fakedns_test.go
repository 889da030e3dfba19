package mail

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// zone is a fake DNS.
type zone struct {
	mu     sync.Mutex
	mx     map[string][]*net.MX
	txt    map[string][]string
	hosts  map[string][]string
	names  map[string][]string // by address
	broken map[string]bool     // names whose look-up fails
}

func newZone() *zone {
	return &zone{mx: map[string][]*net.MX{}, txt: map[string][]string{}, hosts: map[string][]string{},
		names: map[string][]string{}, broken: map[string]bool{}}
}

func (z *zone) set(f func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	f()
}

// look returns the errors of net.Resolver: IsNotFound for a name without records.
func look[T any](z *zone, records map[string][]T, name string) ([]T, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	name = strings.TrimSuffix(name, ".")
	if z.broken[name] {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if len(records[name]) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return append([]T(nil), records[name]...), nil
}

func (z *zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return look(z, z.mx, name)
}
func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	return look(z, z.txt, name)
}
func (z *zone) LookupAddr(_ context.Context, address string) ([]string, error) {
	return look(z, z.names, address)
}
func (z *zone) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	found, err := look(z, z.hosts, name)
	var all []net.IPAddr
	for _, address := range found {
		all = append(all, net.IPAddr{IP: net.ParseIP(address)})
	}
	return all, err
}

// internet is a zone with mail servers, and a web server for MTA-STS policies.
type internet struct {
	*zone
	mu      sync.Mutex
	servers map[string]string // address on loopback by host:port
	dialed  []string
	web     *httptest.Server
	policy  string
	fetched int
}

func newInternet(t testing.TB) *internet {
	i := &internet{zone: newZone(), servers: map[string]string{}}
	i.web = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.fetched++
		if r.URL.Path != "/.well-known/mta-sts.txt" || !strings.HasPrefix(r.Host, "mta-sts.") {
			t.Errorf("request for %s at %s", r.URL.Path, r.Host)
		}
		switch i.policy {
		case "":
			http.NotFound(w, r)
		case "redirect":
			http.Redirect(w, r, "https://mta-sts.evil.example/", http.StatusFound)
		default:
			w.Write([]byte(i.policy))
		}
	}))
	t.Cleanup(i.web.Close)
	return i
}

// serve adds an address to a host, with a server.
func (i *internet) serve(host, address string, s *sink) {
	i.set(func() { i.hosts[host] = append(i.hosts[host], address) })
	i.mu.Lock()
	defer i.mu.Unlock()
	i.servers[net.JoinHostPort(address, "25")] = s.address
}

func (i *internet) mxs(domain string, hosts ...string) {
	i.set(func() {
		i.mx[domain] = nil
		for n, host := range hosts {
			i.mx[domain] = append(i.mx[domain], &net.MX{Host: host + ".", Pref: uint16(n)})
		}
	})
}

func (i *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	i.mu.Lock()
	server := i.servers[address]
	i.dialed = append(i.dialed, address)
	i.mu.Unlock()
	if server == "" {
		return nil, errors.New("connection refused")
	}
	return new(net.Dialer).DialContext(ctx, network, server)
}

// client trusts the web server for any name.
func (i *internet) client() *http.Client {
	c := i.web.Client()
	transport := c.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com"
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, i.web.Listener.Addr().String())
	}
	return &http.Client{Transport: transport}
}

func (i *internet) config() Config {
	return Config{Direct: true, Hostname: "out.linienfunk.example", Resolver: i, Dial: i.dial, HTTP: i.client()}
}
