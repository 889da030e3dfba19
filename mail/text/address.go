package text

import (
	"errors"
	netmail "net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// Longest address and local part in bytes: RFC 5321, section 4.5.3.1.
const (
	MaxAddress = 254
	maxLocal   = 64
)

// ErrAddress is the error of ParseAddress. It does not repeat the address.
var ErrAddress = errors.New("not an address that mail can be sent to")

// ParseAddress checks a bare address that somebody typed and returns it in lower case, its domain in ASCII, or ErrAddress. Quoted local
// parts, address literals and local parts that need SMTPUTF8 are refused: they are rare, and package mail cannot deliver to them.
func ParseAddress(address string) (string, error) {
	address = strings.TrimSpace(address)
	if len(address) > MaxAddress {
		return "", ErrAddress
	}
	parsed, err := netmail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", ErrAddress
	}
	local, domain := SplitAddress(address)
	if len(local) > maxLocal || strings.ContainsFunc(local, unusual) {
		return "", ErrAddress
	}
	domain, err = ASCIIDomain(domain)
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", ErrAddress
	}
	full := strings.ToLower(local + "@" + domain)
	if len(full) > MaxAddress {
		return "", ErrAddress
	}
	// The conversion may leave something that is not a domain: "xn--." becomes ".".
	if again, err := ASCIIDomain(domain); err != nil || again != domain {
		return "", ErrAddress
	}
	if parsed, err := netmail.ParseAddress(full); err != nil || parsed.Address != full {
		return "", ErrAddress
	}
	return full, nil
}

func unusual(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>@[\]`, r)
}

// ASCIIDomain returns a domain in the form of DNS, in lower case.
func ASCIIDomain(domain string) (string, error) {
	domain, err := idna.Lookup.ToASCII(domain)
	return strings.ToLower(domain), err
}

// SplitAddress parts an address at its last @. Without one, all of it is the local part.
func SplitAddress(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}

// Domain is the part of an address behind its last @.
func Domain(address string) string {
	_, domain := SplitAddress(address)
	return domain
}

// Canonical is ParseAddress for addresses in mails: one that it refuses is only trimmed and put in lower case. The pseudonym of an author is
// made of it, so that a person who reports and subscribes has one.
func Canonical(address string) string {
	if full, err := ParseAddress(address); err == nil {
		return full
	}
	return strings.ToLower(strings.TrimSpace(address))
}
