package text

import "strings"

// withoutPGPArmor takes the text out of a cleartext signature of OpenPGP (RFC 9580, section 7).
func withoutPGPArmor(text string) string {
	_, signed, found := strings.Cut(text, "-----BEGIN PGP SIGNED MESSAGE-----\n")
	if !found {
		return text
	}
	if _, body, found := strings.Cut(signed, "\n\n"); found {
		signed = body
	}
	signed, _, _ = strings.Cut(signed, "\n-----BEGIN PGP SIGNATURE-----")
	return strings.TrimPrefix(strings.ReplaceAll("\n"+signed, "\n- ", "\n"), "\n")
}
