package e2e

import (
	"strings"
	"testing"

	"linienfunk/internal/config"
	"linienfunk/test/harness"
)

// migrateAhead changes a program's tables as a newer release does: see db.Schema.
func migrateAhead(t *testing.T, c config.Config, releases int) {
	t.Helper()
	d := harness.Database(t, c)
	tables, err := d.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"CREATE TABLE newer (id integer)", "INSERT INTO migrations VALUES ('99-newer')"}
	for _, table := range tables {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		statements = append(statements, "ALTER TABLE "+table+" ADD COLUMN newer integer NOT NULL DEFAULT 7")
	}
	for _, statement := range statements {
		if err := d.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Exec("UPDATE schema_version SET number = number + ?", releases).Error; err != nil {
		t.Fatal(err)
	}
}

func TestAProgramRunsAndRestartsOnTablesThatTheNextReleaseHasExtended(t *testing.T) {
	t.Parallel()
	mails := harness.NewMailServer(t)
	c := harness.Config(t, mails)
	c.Database.Connections = 2
	s := newFixtureOf(t, mails, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle davor")
	s.waitEverywhere("kontrolle davor")
	migrateAhead(t, c, 1)
	harness.SendMail(t, s.program, "zuerich", "kontrolle daneben")
	s.waitEverywhere("kontrolle daneben")
	s.stop()
	s.program, s.stop = harness.Start(t, c)
	harness.SendMail(t, s.program, "zuerich", "kontrolle danach")
	s.waitEverywhere("kontrolle danach")
	harness.NewBrowser(t, s.program.URL()).Register(mails, "basel", "Basel")
}
