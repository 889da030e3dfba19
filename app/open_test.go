package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/db"
	. "linienfunk/test/harness"
)

func TestADatabaseIsNotOpenedWithTheKeyOfAnother(t *testing.T) {
	c := Config(t, NewMailServer(t))
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
	t.Run("the right one is not", func(t *testing.T) {
		use(t, right)
		open(t)
		// Versions before this check left no such row.
		if err := Database(t, c).Where("id > 0").Delete(&db.Instance{}).Error; err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a database of an older version keeps the key of its next start", func(t *testing.T) {
		open(t)
		use(t, wrong)
		refused(t)
	})
}
