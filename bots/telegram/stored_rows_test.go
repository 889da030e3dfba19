package telegram

import (
	"encoding/base64"
	"strings"
	"testing"

	"linienfunk/bots/bottest"
)

// storeOldRows writes rows of the version before bots/kit, sealed with the test's key.
func storeOldRows(t *testing.T, w *bottest.World) {
	t.Helper()
	sealed := func(text string) []byte {
		raw, err := base64.StdEncoding.DecodeString(text)
		must(t, err)
		return raw
	}
	for table, row := range map[string]map[string]any{
		"telegram_accounts": {
			"city": "zuerich", "bot_id": 4711, "username": "ZueriBot", "name": "Züri", "reads_all": true, "revision": "R1",
			"token": sealed("uW2lgfByrYikHDOy/SrOHGM8/zHbQZG2Y5gAuwQ4/wd+U/GJwSmLcK4Gqow0nVCudVxRIn2+CqVYV2+hR3YnOhcpO0M="),
			"hook":  "fb21be3af31808991a0956fee706c644", "position": 700_001, "position_at": w.Core.Now().Unix(), "paused_at": 0, "paused_until": 0,
		},
		"telegram_subscribers": {
			"id": 7, "city": "zuerich", "person": "1aeb1a20b0aca02eb1511e83be45dbf5", "kind": supergroup, "active": true, "trouble": "", "recent": "",
			"chat": sealed("msmzHumww+hjQSJxMAmqKe+htgoFvW48g/3rtAaVyaUL"), "title": sealed("65V4HnOSh5wcg2DEWyTWL9QL6rdpFrnbPUWJergwjOO7v1g="),
		},
		"telegram_answers": {
			"id": 3, "city": "zuerich", "person": "b4aac1c6e734a8cb8306e8a7f7a896fd", "kind": "welcome", "public": false, "at": w.Core.Now().Unix(),
			"chat": sealed("IsmH7gFSKlBEZ5uxAFVw5eodxkr1Cw1z+/XMh7DqXi/Won4="),
		},
	} {
		must(t, w.Core.DB.Table(table).Create(row).Error)
	}
}

func TestRowsOfOlderVersionsAreRead(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	storeOldRows(t, w)
	s := theBot(w).store
	row, token, err := theBot(w).accounts.Load(t.Context(), "zuerich")
	if err != nil || token != "4711:AAF-abcdefghijklmnopqrstuvwxyz_0123" || row.Label() != "@ZueriBot" || !row.ReadsAll || row.Revision != "R1" {
		t.Errorf("account %+v: %v", row, err)
	}
	if next := nextOffset(row, w.Core.Now()); next != 700_002 {
		t.Errorf("the next offset is %d", next)
	}
	if url := theBot(w).webhookURL(row); !strings.HasSuffix(url, "/hook/fb21be3af31808991a0956fee706c644") {
		t.Errorf("webhook %s", url)
	}
	group, known, err := s.findChat(t.Context(), "zuerich", -1005)
	if err != nil || !known || !group.Active || s.title(group) != "Linie 4" {
		t.Errorf("group %+v: %v", group, err)
	}
	reply, waits, err := s.nextReply(t.Context(), "zuerich")
	must(t, err)
	chat, err := s.openChat("zuerich", reply.ChatHash, reply.Chat)
	if err != nil || !waits || chat != 5_000_000 || reply.Group {
		t.Errorf("reply %+v to %d: %v", reply, chat, err)
	}
}
