package inbound

import (
	"net/netip"
	"regexp"
	"strings"

	"linienfunk/mail/text"
)

// client is the host that handed over a mail to the first server of the operator's own.
type client struct {
	ip      netip.Addr // invalid if it is unknown: then SPF says nothing
	helo    string
	relayed bool // the mail came through a relay, which must not be made to bounce it to an author whose address was forged
}

// clientOf returns the client of a mail that came from remote. trusted is set for mail that came by LMTP.
func (r Relays) clientOf(m *text.Message, remote netip.Addr, helo string, trusted bool) client {
	if trusted || r.has(remote) {
		c := r.receivedClient(m)
		c.relayed = true
		return c
	}
	if isPrivate(remote) {
		return client{helo: helo}
	}
	return client{ip: remote, helo: helo}
}

// receivedClient is the client of the outermost relay, as that relay wrote it into its Received (RFC 5321, section 4.4): the uppermost whose
// client is not a relay. Those below it can be forged. Without an address in it the client is unknown, and so is one that has logged in
// there: it writes from wherever it is.
func (r Relays) receivedClient(m *text.Message) client {
	for _, value := range m.Values("Received") {
		helo, ip := parseReceived(value)
		if !ip.IsValid() || isLoggedIn(value) {
			return client{}
		}
		if !r.has(ip) && !ip.IsPrivate() {
			return client{ip: ip, helo: helo}
		}
	}
	return client{}
}

// receivedFrom is how postfix, OpenSMTPD, sendmail and most others write their client: from <greeting> (<name> [<address>]). exim
// writes "from <name> ([<address>] helo=<greeting>)", and "from [<address>] (helo=<greeting>)" for an address without a name. A
// greeting may look like an address: the client chose it, and it is never taken for one.
var (
	receivedFrom = regexp.MustCompile(`^from (\S{1,255}) [^;]{0,600}?\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]`)
	receivedExim = regexp.MustCompile(`^from ()\[([0-9A-Fa-f.:]{2,45})\](?::\d+)? (?:\(helo=|by |\z)`)
)

func parseReceived(value string) (helo string, ip netip.Addr) {
	value = strings.Join(strings.Fields(value), " ") + " "
	found := receivedExim.FindStringSubmatch(value)
	if found == nil {
		value, _, _ = strings.Cut(value, " by ")
		found = receivedFrom.FindStringSubmatch(value)
	}
	if found == nil {
		return "", netip.Addr{}
	}
	ip, err := netip.ParseAddr(found[2])
	if err != nil {
		return "", netip.Addr{}
	}
	return found[1], ip.Unmap()
}

// receivedWith is a Received of a client that has logged in: the protocol ends in A (RFC 3848, RFC 6531), in
// "by <server> (<program>) with <protocol>".
var receivedWith = regexp.MustCompile(`(?i)^\S+ (?:\([^()]*\) )?with \w*[SL]MTPS?A `)

// isLoggedIn reports whether the client of a Received had logged in.
func isLoggedIn(value string) bool {
	_, by, _ := strings.Cut(strings.Join(strings.Fields(value), " ")+" ", " by ")
	return receivedWith.MatchString(by)
}
