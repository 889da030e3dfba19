package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"linienfunk/internal/config"
	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
)

func TestNodesWithABrokerCountLimitsTogether(t *testing.T) {
	t.Parallel()
	url, prefix := testkit.NewBroker(t).Address()
	key := []byte("bGluaWVuZnVuayBsaW5pZW5mdW5rIGxpbmllbmZ1bms=\n")
	open := func() *Program {
		c := config.Default()
		c.HTTP, c.SMTP, c.Data, c.Log.Level, c.BaseURL, c.Mail.Domain = "127.0.0.1:0", "127.0.0.1:0", testkit.ShortDir(t), "error", "http://localhost:8080", "localhost"
		c.NATS.URL, c.NATS.Prefix = url, prefix[:max(len(prefix)-1, 0)]
		if err := os.WriteFile(filepath.Join(c.Data, keyFile), key, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Open(t.Context(), c, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		return p
	}
	rate := limits.Rate{Burst: 1, Every: time.Hour}
	one, two := open().limits.New("test", rate), open().limits.New("test", rate)
	if !one.Allow("key") {
		t.Fatal("the first event is not allowed")
	}
	testkit.Eventually(t, "the other node has heard of it", func() bool { return two.Len() == 1 })
	if two.Allow("key") {
		t.Error("the other node allows another one")
	}
}
