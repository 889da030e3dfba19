package site

import (
	"net/http"
	"testing"

	"linienfunk/internal/secret"
)

func FuzzAMessageCookieIsOursOrNone(f *testing.F) {
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	if err != nil {
		f.Fatal(err)
	}
	s := &Site{Deps: Deps{Box: box}}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, value string) {
		r := &http.Request{Header: http.Header{"Cookie": {"flash=" + value}}}
		if got := s.popMessage(discard{http.Header{}}, r); got != nil {
			t.Errorf("%q is the message %+v", value, got)
		}
	})
}

// discard is a ResponseWriter that discards the response.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
