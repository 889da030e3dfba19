package app

import (
	"testing"
)

// nothingOf are the tables without rows about a city, and what is in them.
var nothingOf = map[string]string{
	"admins": "people, who may run other cities", "admin_passkeys": "people", "admin_recovery_codes": "people", "admin_totps": "people", "sessions": "people",
	"instances": "the instance", "nodes": "the instance", "shards": "the instance", "schema_version": "the instance", "settings_progress": "the instance",
	"ended_cities":               "what keeps the name",
	"email_greylists":            "senders of mail, hashed", // for two days
	"command_announcements":      "what the operator has to say",
	"command_registration_links": "people who may register a city",
	"command_blocks":             "senders that the operator has blocked, hashed",
	"mail_messages":              "mails, sealed and hashed; the last ones to subscribers are among them until they are sent",
	"mastodon_apps":              "instances of Mastodon, for all cities",
}

// A new table either says in a column "city" whose its rows are, or is in one of the two lists.
func TestADeletionKnowsEveryTable(t *testing.T) {
	t.Parallel()
	p := openWard(t)
	others, err := p.db.OtherTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rowsOf("zuerich") {
		known[r.Table] = true
	}
	for _, table := range others {
		if nothingOf[table] == "" && !known[table] {
			t.Errorf("what does the table %s have of a city? Say so in rowsOf, or in nothingOf", table)
		}
	}
}
