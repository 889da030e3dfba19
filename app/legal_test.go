package app

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

func TestAPublicInstanceOpensRegistrationOnceItHasAnImprintAndAContact(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.HTTP, c.SMTP, c.Data, c.Log.Level = "localhost:0", "localhost:0", testkit.ShortDir(t), "warn"
	c.Mail.Delivery = config.Direct
	c.BaseURL, c.Mail.Domain = "https://linienfunk.example", "linienfunk.example"
	start := func() (log string, get func(path string) (int, string)) {
		var out bytes.Buffer
		p, err := OpenWithClock(t.Context(), c, &out, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		handler := p.frontend.Handler()
		log = out.String()
		t.Cleanup(func() { _ = p.Close() })
		return log, func(path string) (int, string) {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
			return answer.Code, answer.Body.String()
		}
	}
	log, get := start()
	if status, _ := get("/register"); status != http.StatusForbidden || !strings.Contains(log, "legal.imprint, legal.contact") {
		t.Errorf("register answers %d; the log says %q", status, log)
	}
	c.Data = testkit.ShortDir(t)
	c.Legal.Imprint, c.Legal.Contact, c.Legal.Name = filepath.Join(c.Data, "imprint.md"), filepath.Join(c.Data, "contact.md"), "Verein der Fahrgäste"
	for _, path := range []string{c.Legal.Imprint, c.Legal.Contact} {
		if err := os.WriteFile(path, []byte("Some Street 1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, get = start()
	if status, _ := get("/register"); status != http.StatusOK || log != "" {
		t.Errorf("register answers %d; the log says %q", status, log)
	}
	for _, want := range []string{"Verein der Fahrgäste", "24 hours unless it says otherwise, 90 days at most", "in its log for 365 days", "for 48 hours, under a pseudonym", `<a href="/contact">`, "ends 30 days after"} {
		if status, page := get("/privacy"); status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("the privacy page answers %d, and does not say %q", status, want)
		}
	}
}
