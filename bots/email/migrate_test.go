package email_test

import (
	"testing"

	"linienfunk/bots/email"
)

func TestSubscribersFromBeforeTheirAsksWereCountedStay(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("rider@example.org")
	db, migration := v.w.Core.DB, email.Plugin().Migrations[1]
	if err := db.Migrator().DropColumn(&email.Subscriber{}, "asks"); err != nil {
		t.Fatal(err)
	}
	if err := migration.Migrate(db); err != nil {
		t.Fatal(err)
	}
	v.ask("other@example.org")
	if got := v.broadcast(v.report("1")); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
}
