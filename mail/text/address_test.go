package text_test

import (
	"strings"
	"testing"

	"linienfunk/mail"
	"linienfunk/mail/text"
)

func FuzzParseAddress(f *testing.F) {
	for _, address := range []string{
		"rider@example.org", "Rider+x@Zürich.example", `"a b"@c.d`, "a@b\r\nc: d", "a@[::1]", "a..b@c.d", ".a@c.d", "a.@c.d",
		"a@xn--zrich-kva.example", "a@b。example", "a@ß.example", "a@b_c.example", "0@Xn--.0", "!#$%&'*+-/=?^_`{|}~@c.d", "a@" + strings.Repeat("b.", 120) + "c",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		full, err := text.ParseAddress(address)
		if err != nil {
			return
		}
		if again, err := text.ParseAddress(full); err != nil || again != full {
			t.Errorf("%q becomes %q, which becomes %q, %v", address, full, again, err)
		}
		if sent, err := mail.Address(full); err != nil || sent != full {
			t.Errorf("%q becomes %q, which package mail sends to %q, %v", address, full, sent, err)
		}
		if strings.ContainsAny(full, "\r\n <>,;\"") || len(full) > text.MaxAddress {
			t.Errorf("%q becomes %q", address, full)
		}
	})
}
