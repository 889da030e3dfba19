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
	f.Add(`{"update_id":1,"callback_query":{"id":"7","from":{"id":5},"data":"choose:all","message":{"message_id":3,"date":1,"chat":{"id":5,"type":"private"}}}}`)
	f.Add(`{"update_id":1,"callback_query":{"id":"7","from":{"id":5},"data":"choose:all","message":{"message_id":3,"date":1,"chat":{"id":5},"poll":"x"}}}`)
	f.Add(`{"update_id":1,"callback_query":{"id":"7","from":{"id":5},"data":"choose:all","message":{"message_id":3,"date":0,"chat":{"id":5}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := parseUpdate(json.RawMessage(text))
		if err != nil {
			return
		}
		if u.ID == 0 {
			t.Error("an update without an id")
		}
		if q := u.CallbackQuery; q != nil {
			isPrivatePress(q)
		}
		if m := u.Message; m != nil {
			h := updateHandler{row: Account{BotID: 1}}
			h.isOwn(m)
			hasAttachment(m)
		}
	})
}
