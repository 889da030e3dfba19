package frontend

import (
	"net/http"
	"net/mail"
	"net/netip"
	"strings"
	"testing"
)

func FuzzAddressesAndNamesThatAreTakenAreSafeToUse(f *testing.F) {
	for _, seed := range []string{"ada@example.org", "Ada <ada@example.org>", "a@b\r\nBcc: c@d", "berlin", "\"a b\"@example.org", "ä@ö.de", "\xff@x", ""} {
		f.Add(seed)
	}
	words, err := loadWords()
	if err != nil {
		f.Fatal(err)
	}
	site := &Frontend{Deps: Deps{Domain: "linienfunk.example"}}
	f.Fuzz(func(t *testing.T, text string) {
		if address, wrong := site.parseAddress(text); wrong == "" {
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

func FuzzWhoAsksHasAName(f *testing.F) {
	f.Add("127.0.0.1:1", "203.0.113.9, 10.0.0.1")
	f.Add("[::1]:1", "fe80::1%eth0")
	f.Add("", ",")
	proxies := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::1/128")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		handler := behindProxies(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := client(r); len(got) > len(remote)+len(forwarded)+8 {
				t.Errorf("%q, %q: %q", remote, forwarded, got)
			}
		}))
		handler.ServeHTTP(nil, &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}})
	})
}

func FuzzAMessageCookieIsOursOrNone(f *testing.F) {
	s := newSite(f, nil)
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Cookie": {"flash=" + value}}}
		if got := s.takeFlash(discard{http.Header{}}, r); got != nil {
			t.Errorf("%q is the message %+v", value, got)
		}
	})
}

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
