package mastodon

import (
	"encoding/hex"
	"testing"
	"time"

	"linienfunk/bots/kit"
	"linienfunk/db"
	"linienfunk/internal/testkit"
)

func TestAnAccountFromBeforeTheNotesStillWorks(t *testing.T) {
	t.Parallel()
	plugin := testPlugin()
	base := testkit.DB(t, time.Now)
	migrate := func(upTo int) {
		t.Helper()
		if err := base.MigratePrefixed(t.Context(), "mastodon_", plugin.Migrations[:upTo]); err != nil {
			t.Fatal(err)
		}
	}
	migrate(2)
	for _, change := range []string{
		"ALTER TABLE mastodon_accounts DROP COLUMN limited",
		"ALTER TABLE mastodon_accounts DROP COLUMN failing_since",
		`INSERT INTO mastodon_accounts (city, instance, account_id, acct, domain, url, is_bot, token, revision, position)
			VALUES ('zuerich', 'https://a.example', '1', 'zuerich', 'a.example', '', TRUE, 'x', 'r', '7')`,
	} {
		if err := base.Exec(change).Error; err != nil {
			t.Fatal(err)
		}
	}
	migrate(len(plugin.Migrations))
	tables, err := base.Prefixed("mastodon_")
	if err != nil {
		t.Fatal(err)
	}
	var row Account
	if err := tables.Take(&row).Error; err != nil || row.Position != "7" || row.Limited || row.FailingSince != nil {
		t.Errorf("%+v: %v", row, err)
	}
	var kept db.FormerDefault
	if err := tables.Take(&kept).Error; err != nil || kept.City != "zuerich" || kept.Values != `{"repost":"boost"}` {
		t.Errorf("the city would no longer boost: %+v, %v", kept, err)
	}
	if err := tables.Create(&Post{City: "zuerich", Key: "k"}).Error; err != nil {
		t.Error(err)
	}
}

// The rows are those of the version before bots/kit.
func TestAnAccountAndALoginOfAnEarlierVersionStillWork(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	b := w.Bot.(*bot)
	sealed := func(text string) []byte {
		bytes, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	insert := func(table string, columns map[string]any) {
		t.Helper()
		if err := w.Core.DB.Table(table).Create(columns).Error; err != nil {
			t.Fatal(err)
		}
	}
	now := w.Core.Now().UTC()
	insert("mastodon_accounts", map[string]any{
		"city": "zuerich", "instance": "https://social.example", "account_id": "1004", "acct": "zuerich", "domain": "mastodon.example",
		"url": "https://social.example/@zuerich", "is_bot": true, "limited": false, "revision": "3XFLA3LGL27CN5ONUS5ELVBWKH", "position": "7",
		"token":      sealed("f6313b147917cfa27d6085f87653c9625fc7a0e073ada370b5972f5e380994c14e208656915e"),
		"created_at": now, "updated_at": now,
	})
	row, token, err := b.Rows.Load(t.Context(), "zuerich")
	if err != nil || token != "token-1005" || row.Position != "7" || row.Label() != "@zuerich@mastodon.example" {
		t.Errorf("account %+v, token %q, %v", row, token, err)
	}
	if a := w.Account(t, "zuerich"); a.Revision != "3XFLA3LGL27CN5ONUS5ELVBWKH" {
		t.Errorf("the account's worker would restart: revision %q", a.Revision)
	}

	insert("mastodon_logins", map[string]any{
		"state": "7bd01f8116c2b0e74461ced1ab36f9fc13faf0c6f9cbebe283408386b0a20e5b", "city": "zuerich", "instance": "https://social.example",
		"browser": "60c340d2b053db9a66f63aafdeb5f0f56c853e947cba399c0f32b45bb498e16c", "path": "/city/zuerich/mastodon",
		"verifier":   sealed("213041310e9b647ecdade3aff662506deb9c5a644fe5a806732af741966ac077b921c0d5"),
		"expires_at": now.Add(time.Minute),
	})
	login, verifier, err := b.Logins.Use(t.Context(), "VAZXNSHHFDJOKQ2NVRKVVJ6XTF", "cookie")
	if want := (kit.Login{City: "zuerich", Browser: login.Browser, Path: "/city/zuerich/mastodon", ExpiresAt: login.ExpiresAt}); err != nil ||
		login.Login != want || verifier != "verifier" {
		t.Errorf("login %+v, verifier %q, %v", login, verifier, err)
	}
}
