package account

import (
	"net/mail"
	"strings"
	"testing"

	"linienfunk/frontend/site"
)

func FuzzAcceptedAddressesAndNamesAreSafeToUse(f *testing.F) {
	for _, seed := range []string{"ada@example.org", "Ada <ada@example.org>", "a@b\r\nBcc: c@d", "berlin", "\"a b\"@example.org", "ä@ö.de", "\xff@x", ""} {
		f.Add(seed)
	}
	words, err := loadWords()
	if err != nil {
		f.Fatal(err)
	}
	pages := &Pages{Site: &site.Site{Deps: site.Deps{Domain: "linienfunk.example"}}}
	f.Fuzz(func(t *testing.T, text string) {
		if address, wrong := pages.ParseAddress(text); wrong == "" {
			again, err := mail.ParseAddress(address)
			if err != nil || again.Address != address || strings.ContainsAny(address, "\r\n\x00<>") {
				t.Errorf("%q became %q: %v", text, address, err)
			}
		}
		if words.nameError(text) == "" && strings.ContainsAny(text, "/?#@. \n%") {
			t.Errorf("%q is a name", text)
		}
	})
}
