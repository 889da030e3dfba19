package app_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/db"
	"linienfunk/test/harness"
)

func TestADatabaseIsNotOpenedWithTheKeyOfAnother(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	path := filepath.Join(c.Data, "instance.key")
	refused := func(t *testing.T) {
		t.Helper()
		p, err := app.Open(t.Context(), c, t.Output())
		if err == nil {
			p.Close()
			t.Fatal("it is opened")
		}
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
	open := func(t *testing.T) {
		t.Helper()
		p, err := app.Open(t.Context(), c, t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	use := func(t *testing.T, key []byte) {
		t.Helper()
		if err := os.WriteFile(path, key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t)
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong := []byte(strings.Repeat("A", 43) + "=\n")

	t.Run("another key is refused", func(t *testing.T) {
		use(t, wrong)
		refused(t)
	})
	t.Run("the right key is accepted", func(t *testing.T) {
		use(t, right)
		open(t)
		// Versions without this check stored no such row.
		if err := harness.Database(t, c).Where("id > 0").Delete(&db.Instance{}).Error; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a database of an older version keeps the key of its next start", func(t *testing.T) {
		open(t)
		use(t, wrong)
		refused(t)
	})
}

func TestASecondProgramOnOneDataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	_, stop := harness.Start(t, c)
	other := c
	other.HTTP, other.SMTP = harness.FreePort(t), harness.FreePort(t)
	if _, err := app.Open(t.Context(), other, io.Discard); err == nil || !strings.Contains(err.Error(), "another linienfunk is running on") {
		t.Errorf("got %v", err)
	}
	stop()
	p, err := app.Open(t.Context(), other, io.Discard)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestAPortInUseIsNamedWithTheFlagThatChangesIt(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"http", "smtp"} {
		c := harness.Config(t, harness.NewMailServer(t))
		taken, other := harness.FreePort(t), harness.Config(t, harness.NewMailServer(t))
		other.HTTP = taken
		if key == "http" {
			c.HTTP = taken
		} else {
			c.SMTP = taken
		}
		harness.Start(t, other)
		_, err := app.Open(t.Context(), c, io.Discard)
		if err == nil || !strings.Contains(err.Error(), taken+" already") || !strings.Contains(err.Error(), "--"+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}
