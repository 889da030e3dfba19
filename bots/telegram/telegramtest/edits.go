package telegramtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// DeleteMessages deletes what the bots have sent to a chat, as its admins can.
func (s *Server) DeleteMessages(chat int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.sent {
		s.sent[i].Deleted = s.sent[i].Deleted || s.sent[i].Chat == chat
	}
}

// editMessageReplyMarkup follows https://core.telegram.org/bots/api#editmessagereplymarkup.
func (s *Server) editMessageReplyMarkup(w http.ResponseWriter, r *http.Request, b *bot, params map[string]string) {
	chatID, _ := strconv.ParseInt(params["chat_id"], 10, 64)
	id, _ := strconv.ParseInt(params["message_id"], 10, 64)
	s.mu.Lock()
	for _, one := range s.sent {
		if one.Bot == b.username && one.Chat == chatID && one.ID == id {
			params["text"] = one.Text
		}
	}
	s.mu.Unlock()
	s.editMessageText(w, r, b, params)
}

// editMessageText follows https://core.telegram.org/bots/api#editmessagetext; for the errors see https://github.com/TelegramBotAPI/errors.
func (s *Server) editMessageText(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	chatID, _ := strconv.ParseInt(params["chat_id"], 10, 64)
	id, _ := strconv.ParseInt(params["message_id"], 10, 64)
	text, buttons := strings.TrimSpace(params["text"]), s.readKeyboard(params["reply_markup"])
	s.mu.Lock()
	code, description, parameters := s.refusal(b, chatID)
	at := slices.IndexFunc(s.sent, func(one Sent) bool {
		return one.Bot == b.username && one.Chat == chatID && one.ID == id && !one.Deleted
	})
	switch {
	case code != 0:
	case s.held[chatID] > 0:
		code, description, parameters = http.StatusTooManyRequests, "Too Many Requests", map[string]any{"retry_after": s.held[chatID]}
	case !s.Limits.allow(b, chatID, time.Now()):
		code, description, parameters = http.StatusTooManyRequests, "Too Many Requests: retry after 3", map[string]any{"retry_after": 3}
	case at < 0:
		code, description = http.StatusBadRequest, "Bad Request: message to edit not found"
	case text == "" || len(utf16.Encode([]rune(text))) > 4096:
		code, description = http.StatusBadRequest, "Bad Request: message text is empty or too long"
	case s.sent[at].Text == text && slices.EqualFunc(s.sent[at].Buttons, buttons, slices.Equal):
		code, description = http.StatusBadRequest, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
	default:
		s.sent[at].Text, s.sent[at].Buttons, s.sent[at].Edits = text, buttons, s.sent[at].Edits+1
	}
	s.mu.Unlock()
	if code != 0 {
		fail(w, code, description, parameters)
		return
	}
	succeed(w, map[string]any{"message_id": id, "date": time.Now().Unix(), "text": text, "chat": map[string]any{"id": chatID, "type": "private"}})
}
