package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"linienfunk/bots"
	"linienfunk/internal/limits"
)

// rates are the rate limits of the form. Riders of one city share an address where their carrier has few (RFC 6888), and a robot has
// many addresses: so addresses are counted for each city apart, and each city has a limit for all of them.
type rates struct {
	clients *limits.Limiter // by city and client
	extras  []limits.Extra  // of addresses that many riders share, beyond clients
	cities  *limits.Limiter
}

func configKeys() []bots.ConfigKey {
	return []bots.ConfigKey{
		{Name: "address_limit", Default: "20", Help: "reports a minute that one address (IPv4, or IPv6 /64) may send to one city by the form"},
		{Name: "address_limits", Help: "more reports a minute to one city for each address that many riders share: 203.0.113.0/24=100, 2001:db8::/32=100"},
		{Name: "city_limit", Default: "120", Help: "reports a minute that one city takes by the form"},
	}
}

// maxCounted is how many clients and cities are counted apart. overflowPerMinute is the limit of all clients together for which there is
// no room.
const maxCounted, overflowPerMinute = 50_000, 600

// readRates reads the operator's keys. With an error it returns the key whose value cannot work.
func readRates(group *limits.Group, values map[string]string) (r rates, key string, err error) {
	wrong := func(key string, err error) (rates, string, error) {
		return rates{}, key, fmt.Errorf("%s: %w", key, err)
	}
	n, err := limits.ParsePerMinute(values["address_limit"])
	if err != nil {
		return wrong("address_limit", err)
	}
	client := limits.PerMinute(n)
	client.Keys, client.Overflow = maxCounted, overflowPerMinute
	r.clients = group.New("web.addresses", client)
	if n, err = limits.ParsePerMinute(values["city_limit"]); err != nil {
		return wrong("city_limit", err)
	}
	city := limits.PerMinute(n)
	city.Keys = maxCounted
	r.cities = group.New("web.cities", city)
	if r.extras, err = limits.ParseExtras(group, "web.extras", values["address_limits"]); err != nil {
		return wrong("address_limits", err)
	}
	for _, one := range r.extras {
		if one.Domain != "" {
			return wrong("address_limits", errors.New("names of riders' addresses are not looked up: write an address or a network instead of "+one.Domain))
		}
	}
	return r, "", nil
}

// allow counts a report from remote, or returns false if there are too many.
func (r rates) allow(city, remote string) bool {
	return r.allowClient(city, remote) && r.cities.Allow(city)
}

func (r rates) allowClient(city, remote string) bool {
	key := city + " " + limits.Client(remote)
	if r.clients.Allow(key) {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	for _, one := range r.extras {
		if err == nil && one.Has(ip) && one.Allow(key) {
			return true
		}
	}
	return false
}
