package account

import (
	"strings"

	"linienfunk/mail"
)

// maxAddress is the maximum length of an address in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
const maxAddress = 254

// ParseAddress returns an address in lower case, in the form that package mail uses. wrong is the id of the text that says what
// is wrong with it, or "".
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
		return text, "address-ours" // mail to a city is a report and may be published
	}
	return address, ""
}
