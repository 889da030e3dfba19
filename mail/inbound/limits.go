package inbound

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"blitiri.com.ar/go/spf"

	"linienfunk/internal/limits"
)

// Limits of the servers.
const (
	maxMessage    = 10 << 20 // bytes, announced by SIZE
	maxLine       = 64 << 10 // bytes of a command and of a line in a message: RFC 5321 wants 1,000, some clients send whole paragraphs
	maxRecipients = 50
	maxMistakes   = 50              // refused recipients in one connection
	readTimeout   = 5 * time.Minute // for the next command, or for one whole message
	writeTimeout  = time.Minute
	storeTimeout  = 30 * time.Second // for a call of the handler
	drainTimeout  = 4 * time.Second  // for mails that are being stored when the server ends
)

// Limits are the rate limits of mails to one recipient, such as a city: others do not count.
type Limits struct {
	authors  *limits.Limiter // of one author
	networks *limits.Limiter // of one network
	extras   []limits.Extra  // of networks with many customers, beyond networks
}

// Mails a minute where the operator sets no limit.
const (
	DefaultAuthorPerMinute  = 4
	DefaultNetworkPerMinute = 60
)

// NewLimits makes limits, once for a group. An author may send two and a half times as many mails at once, a network as many as in a minute.
func NewLimits(group *limits.Group, authorPerMinute, networkPerMinute int, extras []limits.Extra) *Limits {
	author := limits.Rate{Burst: authorPerMinute * 5 / 2, Every: time.Minute / time.Duration(authorPerMinute)}
	network := limits.PerMinute(networkPerMinute)
	for _, rate := range []*limits.Rate{&author, &network} {
		rate.Keys, rate.Overflow = maxCounted, overflowPerMinute
	}
	return &Limits{authors: group.New("mail.authors", author), networks: group.New("mail.networks", network), extras: extras}
}

// maxCounted is how many authors and networks are counted apart, overflowPerMinute the limit of all others together.
const maxCounted, overflowPerMinute = 50_000, 600

// allowNetwork counts a mail of a client, or returns false if its network exceeds its limit. A name is looked up only then.
func (l *Limits) allowNetwork(ctx context.Context, client netip.Addr, dns spf.DNSResolver, recipient, event string) bool {
	key := recipient + "\x00" + networkOf(client)
	if l.networks.AllowOnce(key, event) {
		return true
	}
	byName := false
	for _, one := range l.extras {
		byName = byName || one.Domain != ""
		if one.Has(client) && one.AllowOnce(key, event) {
			return true
		}
	}
	if !byName {
		return false
	}
	names := namesOf(ctx, client, dns)
	for _, one := range l.extras {
		if slices.ContainsFunc(names, one.HasName) && one.AllowOnce(key, event) {
			return true
		}
	}
	return false
}

// namesOf returns the names of a host that have its address, too: anybody may claim any name for their own address.
func namesOf(ctx context.Context, client netip.Addr, dns spf.DNSResolver) (names []string) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	claimed, err := dns.LookupAddr(ctx, client.String())
	if err != nil {
		return nil
	}
	for _, name := range claimed[:min(len(claimed), maxNames)] {
		addresses, err := dns.LookupIPAddr(ctx, name)
		if err == nil && slices.ContainsFunc(addresses, func(a net.IPAddr) bool {
			ip, ok := netip.AddrFromSlice(a.IP)
			return ok && ip.Unmap() == client.Unmap()
		}) {
			names = append(names, name)
		}
	}
	return names
}

// maxNames is how many names of a host are looked up: RFC 7208, section 4.6.4, allows as many.
const maxNames = 10
