package email_test

import (
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/email"
)

func TestASubscriberWhoseAddressCannotBeDecryptedIsSkipped(t *testing.T) {
	t.Parallel()
	v := newVisitor(t)
	v.subscribe("one@example.org")
	v.subscribe("two@example.org")
	before := len(v.w.Mails.All())
	if err := v.w.Core.DB.Model(&email.Subscriber{}).Where("id = 1").Update("address", []byte("sealed with another key")).Error; err != nil {
		t.Fatal(err)
	}
	_, served, err := v.w.Bot.(bots.Broadcaster).SendPage(t.Context(), bots.Account{City: "zuerich"}, v.report("1"), "")
	if err != nil || served != 1 {
		t.Errorf("%d served, %v", served, err)
	}
	if got := v.w.Mails.All()[before:]; len(got) != 1 || got[0].To != "two@example.org" {
		t.Errorf("mails %+v", got)
	}
}

func TestSubscribersOfOlderVersionsStay(t *testing.T) {
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
