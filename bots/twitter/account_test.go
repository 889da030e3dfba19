package twitter

import (
	"encoding/hex"
	"testing"
	"time"
)

// The rows are those of the version before bots/kit.
func TestAnAccountAndALoginOfAnEarlierVersionStillWork(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t, "2")
	b, now := w.Bot.(*bot), w.Core.Now().UTC()
	keys, _ := hex.DecodeString("57940b8dfd033cc1fe6d7a4d70111d5c054bc29192705c502c192b9f15ce6b449bb1d4df1b3b02442b9f9b85fbfd9d95f106b5afa6c85cc78891e887affa1523efba4c5196")
	secret, _ := hex.DecodeString("e722145f2e7c621ea736042af94e41b5fdc83ec21c6d91f1d1d8814cca58212ab0bb0f67a43bff507548")
	for table, columns := range map[string]map[string]any{
		"twitter_accounts": {
			"city": "zuerich", "user_id": "1001", "handle": "zuerich", "keys": keys, "revision": "ICH2NCJ62FG72RCXU6S5QRO5KB", "position": "7",
			"message_position": "", "no_messages": false, "since": now, "created_at": now, "updated_at": now,
		},
		"twitter_logins": {
			"token": "1bda17cfaf6db99c1c401cad91cebf4632f162822604a8fec9824c8ef2062d71", "city": "zuerich", "secret": secret,
			"browser": "6d95d0c709ea37049c2c5bcabfca368a9ee28ee51485596db04faaae924213b2", "path": "/city/zuerich/twitter",
			"expires_at": now.Add(time.Minute),
		},
	} {
		if err := w.Core.DB.Table(table).Create(columns).Error; err != nil {
			t.Fatal(err)
		}
	}
	row, text, err := b.Rows.Load(t.Context(), "zuerich")
	if err != nil || text != `{"Token":"access","TokenSecret":"secret"}` || row.Position != "7" {
		t.Errorf("account %+v, keys %s, %v", row, text, err)
	}
	login, opened, err := b.Logins.Use(t.Context(), "request", "cookie")
	if err != nil || opened != "request secret" || login.City != "zuerich" || login.Path != "/city/zuerich/twitter" {
		t.Errorf("login %+v, secret %q, %v", login, opened, err)
	}
}
