package email

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// relays are mail servers of our own that hand mails over by SMTP.
type relays []netip.Prefix

// thisMachine always is a relay.
var thisMachine = relays{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// parseRelays reads bots.<name>.relays: addresses and networks, with spaces or commas between them.
func parseRelays(value string) (relays, error) {
	found := slices.Clone(thisMachine)
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			ip, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("relays: %q is neither an address nor a network", word)
			}
			prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
		}
		found = append(found, prefix.Masked())
	}
	return found, nil
}

// have says whether an address is ours.
func (r relays) have(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, prefix := range r {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// peerOf says who handed a mail over to our border. inner is set for what came by LMTP.
func (b *Bot) peerOf(m *message, remote netip.Addr, helo string, inner bool) peer {
	if inner || b.relays.have(remote) {
		p := b.relays.border(m)
		p.relay = true
		return p
	}
	if private(remote) {
		return peer{helo: helo}
	}
	return peer{ip: remote, helo: helo}
}

// border is the client of the outermost server of our own, as that server wrote it into its Received (RFC 5321, section 4.4): the first one
// from above whose client is none of ours. Those below it can be forged. Without an address in it nothing is known, and neither of a
// client that has logged in there: it writes from wherever it is.
func (r relays) border(m *message) peer {
	for _, value := range m.Values("Received") {
		helo, ip := parseReceived(value)
		if !ip.IsValid() || loggedIn(value) {
			return peer{}
		}
		if !r.have(ip) && !ip.IsPrivate() {
			return peer{ip: ip, helo: helo}
		}
	}
	return peer{}
}

// receivedFrom is how postfix, OpenSMTPD, sendmail and most others write their client: from <greeting> (<name> [<address>]). exim
// writes "from <name> ([<address>] helo=<greeting>)", and "from [<address>] (helo=<greeting>)" for an address without a name. A
// greeting may look like an address: it is the client's word, and never taken for one.
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

// receivedWith is how a mail was received after a login, which the last letter of the protocol tells (RFC 3848, RFC 6531):
// by <server> (<program>) with <protocol>.
var receivedWith = regexp.MustCompile(`(?i)^\S+ (?:\([^()]*\) )?with \w*[SL]MTPS?A `)

// loggedIn says whether the client of a Received had logged in.
func loggedIn(value string) bool {
	_, by, _ := strings.Cut(strings.Join(strings.Fields(value), " ")+" ", " by ")
	return receivedWith.MatchString(by)
}
