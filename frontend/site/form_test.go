package site_test

import (
	"strings"
	"testing"

	"linienfunk/frontend/frontendtest"
	"linienfunk/frontend/site"
)

func TestAFormIsReadInBothEncodings(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Admin("ada@example.org", "berlin")
	v := s.VisitorAs("ada@example.org")
	pairs := append(s.Form("berlin", "title", "Mit Datei"), "file", "x")
	v.Upload("/city/berlin", "", pairs...).At("/city/berlin").Want(200, "Saved.", "Mit Datei")
	for what, body := range map[string]string{"no boundary": "multipart/form-data", "nothing in it": "multipart/form-data; boundary=x"} {
		got := v.Send("POST", "/city/berlin", "title=x", "Content-Type", body, "Sec-Fetch-Site", "same-origin")
		if got.Status != 400 {
			t.Errorf("%s: status %d", what, got.Status)
		}
	}
	v.Upload("/city/berlin/import", strings.Repeat("x", site.MaxBody)).Want(413, "Too large")
}

func TestARequestThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Visitor().Post("/login", "address", strings.Repeat("x", site.MaxBody+1)).Want(413, "Too large")
}
