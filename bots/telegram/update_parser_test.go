package telegram

import (
	"encoding/json"
	"testing"
)

func FuzzUpdate(f *testing.F) {
	f.Add(`{"update_id":1,"message":{"message_id":1,"date":1,"text":"x","chat":{"id":5,"type":"private"},"from":{"id":5}}}`)
	f.Add(`{"update_id":1,"message":{"photo":[{}],"caption":"x","chat":{"id":-5,"type":"group"}}}`)
	f.Add(`{"update_id":1,"my_chat_member":{"chat":{"id":-5,"type":"channel"},"new_chat_member":{"status":"administrator"}}}`)
	f.Add(`{"update_id":1,"message":{"chat":{"id":1},"forward_origin":{"type":"user"}}}`)
	f.Add(`{"update_id":1,"message":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseUpdate(json.RawMessage(text))
		if err != nil {
			return
		}
		if u.ID == 0 {
			t.Error("an update without an id")
		}
		if m := u.Message; m != nil {
			h := updateHandler{row: Account{BotID: 1}}
			h.isOwn(m)
			hasAttachment(m)
		}
	})
}
