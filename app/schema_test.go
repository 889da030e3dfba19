package app_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"linienfunk/db"
	"linienfunk/test/harness"
)

// testdata/migrations.txt has db.Schema and the migrations of the last release, or what is to be the next one.
func TestNewMigrationsRaiseTheSchema(t *testing.T) {
	t.Parallel()
	c := harness.Config(t, harness.NewMailServer(t))
	harness.Start(t, c)
	d := harness.Database(t, c)
	tables, err := d.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{fmt.Sprintf("schema %d", db.Schema)}
	slices.Sort(tables)
	for _, table := range tables {
		if table != "migrations" && !strings.HasSuffix(table, "_migrations") {
			continue
		}
		var ids []string
		if err := d.Table(table).Order("id").Pluck("id", &ids).Error; err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids) // by bytes, as in SQLite
		for _, id := range ids {
			lines = append(lines, table+" "+id)
		}
	}
	want, err := os.ReadFile("testdata/migrations.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines, "\n") + "\n"; got != string(want) {
		t.Errorf("the migrations have changed: raise db.Schema, unless it was raised since the last release, and write into testdata/migrations.txt:\n%s", got)
	}
}
