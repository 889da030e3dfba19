package text

// Addresses, for those who read and write mail.
const MaxAddress = maxAddress

// ErrAddress does not repeat the address.
var ErrAddress = errAddress

// ParseAddress is normal.
func ParseAddress(address string) (string, error) { return normal(address) }

// ASCIIDomain is ascii.
func ASCIIDomain(domain string) (string, error) { return ascii(domain) }

// SplitAddress is split.
func SplitAddress(address string) (local, domain string) { return split(address) }

// Canonical is sender.
func Canonical(address string) string { return sender(address) }

// Domain is what stands behind the last @.
func Domain(address string) string {
	_, domain := split(address)
	return domain
}
