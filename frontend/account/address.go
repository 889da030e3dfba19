package account

import (
	"strings"

	"linienfunk/mail"
)

// maxAddress is the longest address in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const maxAddress = 254

// parseAddress returns the address in lower case, and in the one form that its mailbox has for the mailer; or else the
// id of the text that says what is wrong with it.
func (p *Pages) ParseAddress(text string) (address, wrong string) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return text, "address-empty"
	}
	address, err := mail.Address(text)
	if err != nil {
		return text, "address-form"
	}
	if strings.HasSuffix(address, "@"+strings.ToLower(p.Domain)) {
		return text, "address-ours" // mail to a city is a report, and may be published
	}
	return address, ""
}
