package text

import (
	"errors"
	netmail "net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// Longest address and local part: RFC 5321, section 4.5.3.1.
const (
	maxAddress = 254
	maxLocal   = 64
)

// errAddress does not repeat the address.
var errAddress = errors.New("not an address that mail can be sent to")

// normal checks a bare address that somebody typed and returns it in lower case, its domain in ASCII. Quoted local
// parts, address literals and local parts that need SMTPUTF8 are refused: they are rare, and what delivers our mail
// cannot serve them.
func normal(address string) (string, error) {
	address = strings.TrimSpace(address)
	if len(address) > maxAddress {
		return "", errAddress
	}
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", errAddress
	}
	local, domain := split(address)
	if len(local) > maxLocal || strings.ContainsFunc(local, unusual) {
		return "", errAddress
	}
	domain, err = ascii(domain)
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", errAddress
	}
	full := strings.ToLower(local + "@" + domain)
	if len(full) > maxAddress {
		return "", errAddress
	}
	// What remains of a domain in Unicode may be none any more: "xn--." becomes ".".
	if again, err := ascii(domain); err != nil || again != domain {
		return "", errAddress
	}
	if parsed, err := netmail.ParseAddress(full); err != nil || parsed.Address != full {
		return "", errAddress
	}
	return full, nil
}

func unusual(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>@[\]`, r)
}

// ascii is a domain as DNS has it, in lower case.
func ascii(domain string) (string, error) {
	domain, err := idna.Lookup.ToASCII(domain)
	return strings.ToLower(domain), err
}

// split parts an address at its last @.
func split(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// sender is the author's address as Core.Author gets it: the same for a rider and for the subscriber that the rider
// is.
func sender(address string) string {
	if full, err := normal(address); err == nil {
		return full
	}
	return strings.ToLower(strings.TrimSpace(address))
}
