package db_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

// sharedDatabase returns the address of an empty PostgreSQL database, which several nodes may open.
func sharedDatabase(t *testing.T) string {
	t.Helper()
	if os.Getenv("LINIENFUNK_TEST_POSTGRES") == "" {
		t.Skip("nodes share LINIENFUNK_TEST_POSTGRES")
	}
	return testkit.DatabaseURL(t, t.TempDir())
}

// open opens a database as a program of a release does.
func open(t *testing.T, address string, release int) (*db.DB, error) {
	t.Helper()
	d, err := db.Open(t.Context(), address, time.Now)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { d.Close() })
	d.SetSchema(release)
	err = d.Migrate(t.Context())
	if err == nil {
		err = d.HideIDs(t.Context(), func(key string) string { return key })
	}
	return d, err
}

func TestNodesThatStartAtTheSameMomentMigrateAnEmptyDatabaseOnce(t *testing.T) {
	t.Parallel()
	address := sharedDatabase(t)
	const nodes = 8
	var starting sync.WaitGroup
	errs := make([]error, nodes)
	for i := range nodes {
		starting.Go(func() { _, errs[i] = open(t, address, db.Schema) })
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestAProgramWorksWithTablesOfTheNextReleaseAndRefusesThoseOfLaterOnes(t *testing.T) {
	t.Parallel()
	address := testkit.DatabaseURL(t, t.TempDir())
	for _, c := range []struct {
		release int
		refuses bool
	}{{5, false}, {5, false}, {4, false}, {3, true}, {6, false}, {5, false}, {4, true}, {8, false}} {
		_, err := open(t, address, c.release)
		if refused := err != nil; refused != c.refuses {
			t.Fatalf("release %d: %v", c.release, err)
		}
		if err != nil && !strings.Contains(err.Error(), "start the newer one") {
			t.Errorf("the error does not say what to do: %v", err)
		}
	}
}

func TestAReleaseDoesNotChangeTablesUnderANodeThatIsTwoReleasesOlder(t *testing.T) {
	t.Parallel()
	address := sharedDatabase(t)
	old, err := open(t, address, 5)
	if err != nil {
		t.Fatal(err)
	}
	node := db.Node{ID: "old", Host: "graz", Version: "v5"}
	if _, _, err := old.Claim(t.Context(), node, 4, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, address, 7); err == nil || !strings.Contains(err.Error(), "the node on graz runs v5") {
		t.Errorf("two releases ahead of a node that runs: %v", err)
	}
	if _, err := open(t, address, 6); err != nil {
		t.Errorf("one release ahead of it: %v", err)
	}
	if err := old.Leave(t.Context(), node.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, address, 7); err != nil {
		t.Errorf("after it has ended: %v", err)
	}
}

func TestColumnsThatANewerNodeAddsBreakNoQueryOfAnOlderOne(t *testing.T) {
	t.Parallel()
	d, err := open(t, testkit.DatabaseURL(t, t.TempDir()), db.Schema)
	if err != nil {
		t.Fatal(err)
	}
	d.Connections(1)
	read := func() error {
		var admins []db.Admin
		return d.Find(&admins).Error
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if err := d.Exec("ALTER TABLE admins ADD COLUMN newer integer NOT NULL DEFAULT 7").Error; err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(read(), d.Create(&db.Admin{Address: "a@example.net"}).Error, read()); err != nil {
		t.Error(err)
	}
}

func TestAnAddressOfPostgreSQLThatCannotWorkSaysWhy(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://me:hunter2@127.0.0.1/x?default_query_exec_mode=cache_statement": "wants cache_describe or exec or simple_protocol",
		"postgres://me:hunter2@127.0.0.1/x?default_query_exec_mode=describe_exec":   "other modes fail behind a pooler",
		"postgres://me:hunter2@127.0.0.1:port/x":                                    "not an address",
		"postgres://me:hunter2@127.0.0.1/x?sslmode=maybe":                           "not an address of PostgreSQL",
	} {
		_, err := db.Open(t.Context(), address, time.Now)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
