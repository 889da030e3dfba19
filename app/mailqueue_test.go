package app

import (
	"strings"
	"testing"

	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
)

func TestTheMailQueueIsPrintedBesideARunningProgram(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Data, c.HTTP, c.SMTP, c.Mail.Domain = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "linienfunk.example"
	c.BaseURL = "http://localhost:8080"
	c.NATS.URL, c.NATS.Prefix = testkit.NATS(t)
	if url := testkit.DatabaseURL(t, t.TempDir()); strings.HasPrefix(url, "postgres") {
		c.Database.URL = url
	}
	var out testkit.LogBuffer
	if c.Database.URL == "" {
		if err := mailQueue(t.Context(), c, &out); err == nil || !strings.Contains(err.Error(), "no database") {
			t.Errorf("without a database: %v", err)
		}
	}
	p, err := Open(t.Context(), c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := mailQueue(t.Context(), c, &out); err != nil || !strings.Contains(out.String(), "total") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
