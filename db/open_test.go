package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

func TestOnlyTheOwnerCanReadTheDatabaseFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := db.Open(t.Context(), filepath.Join(dir, "linienfunk.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file.Name(), info.Mode(), err)
		}
	}
}

func TestADatabaseAcceptsOnlyItsFirstInstanceKey(t *testing.T) {
	t.Parallel()
	d := testkit.DB(t, time.Now)
	for i, c := range []struct {
		digest string
		want   error
	}{{"a", nil}, {"a", nil}, {"b", db.ErrOtherKey}, {"a", nil}} {
		if err := d.CheckInstanceKey(t.Context(), c.digest); !errors.Is(err, c.want) {
			t.Errorf("%d: %v, want %v", i, err, c.want)
		}
	}
}

func TestAHandleForABotNeedsNoConnection(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), testkit.DatabaseURL(t, t.TempDir()), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if _, err := d.Prefixed("email_"); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNoDatabaseIsNamedAsSuch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "linienfunk.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := db.Open(t.Context(), path, time.Now)
	if err == nil || !strings.Contains(err.Error(), "damaged or no database; restore it from a backup") || strings.Contains(err.Error(), "pragma") {
		t.Errorf("error %v", err)
	}
}

func TestATransactionOfANodeThatIsStoppedHoldsItsLocksForSecondsOnly(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), testkit.DatabaseURL(t, t.TempDir()), time.Now) // that of testkit.DB is patient
	if err == nil {
		t.Cleanup(func() { d.Close() })
		err = d.AutoMigrate(&note{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.Name() == "sqlite" {
		t.Skip("a SQLite database has one node")
	}
	stopped := d.Begin() // and then says nothing
	t.Cleanup(func() { stopped.Rollback() })
	if err := stopped.Create(&note{ID: "1", Text: "of the stopped node"}).Error; err != nil {
		t.Fatal(err)
	}
	if err := d.Create(&note{ID: "1", Text: "of the other"}).Error; err != nil {
		t.Errorf("the other node: %v", err)
	}
}
