package telegramtest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

type method struct {
	params []string
	call   func(*Server, http.ResponseWriter, *http.Request, *bot, map[string]string)
}

// methods are the methods that the program uses, with the parameters that it uses.
var methods = map[string]method{
	"getMe":                  {nil, (*Server).getMe},
	"getUpdates":             {[]string{"offset", "limit", "timeout", "allowed_updates"}, (*Server).getUpdates},
	"sendMessage":            {[]string{"chat_id", "text", "link_preview_options", "message_thread_id", "reply_markup"}, (*Server).sendMessage},
	"editMessageText":        {[]string{"chat_id", "message_id", "text", "link_preview_options", "reply_markup"}, (*Server).editMessageText},
	"editMessageReplyMarkup": {[]string{"chat_id", "message_id", "reply_markup"}, (*Server).editMessageReplyMarkup},
	"answerCallbackQuery":    {[]string{"callback_query_id", "text", "show_alert"}, (*Server).answerCallbackQuery},
	"setMyCommands":          {[]string{"commands", "scope", "language_code"}, (*Server).setMyCommands},
	"deleteMyCommands":       {[]string{"scope", "language_code"}, (*Server).deleteMyCommands},
	"getChatAdministrators":  {[]string{"chat_id"}, (*Server).getChatAdministrators},
	"getChat":                {[]string{"chat_id"}, (*Server).getChat},
	"getChatMember":          {[]string{"chat_id", "user_id"}, (*Server).getChatMember},
	"leaveChat":              {[]string{"chat_id"}, (*Server).leaveChat},
	"setWebhook":             {[]string{"url", "secret_token", "max_connections", "allowed_updates"}, (*Server).setWebhook},
	"deleteWebhook":          {[]string{"drop_pending_updates"}, (*Server).deleteWebhook},
	"getWebhookInfo":         {nil, (*Server).getWebhookInfo},
}

// getMe follows https://core.telegram.org/bots/api#getme.
func (s *Server) getMe(w http.ResponseWriter, _ *http.Request, b *bot, _ map[string]string) {
	succeed(w, map[string]any{
		"id": b.id, "is_bot": true, "first_name": "Bot " + b.username, "username": b.username,
		"can_join_groups": true, "can_read_all_group_messages": b.readsAll, "supports_inline_queries": false,
	})
}

// getUpdates follows https://core.telegram.org/bots/api#getupdates: updates before offset are confirmed and deleted. An
// offset more than ten behind the last update is ignored (td/telegram's TQueue).
func (s *Server) getUpdates(w http.ResponseWriter, r *http.Request, b *bot, params map[string]string) {
	offset, _ := strconv.ParseInt(params["offset"], 10, 64)
	limit, _ := strconv.Atoi(params["limit"])
	seconds, _ := strconv.Atoi(params["timeout"])
	if limit < 1 || limit > 100 || seconds > 50 {
		s.complain("getUpdates with limit %d and timeout %d", limit, seconds)
	}
	s.mu.Lock()
	if b.webhook != nil {
		s.mu.Unlock()
		fail(w, http.StatusConflict, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first", nil)
		return
	}
	close(b.polling)
	b.polling = make(chan struct{})
	other := b.polling
	s.mu.Unlock()
	timeout := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		if offset <= b.next+10 {
			b.updates = slices.DeleteFunc(b.updates, func(u map[string]any) bool { return u["update_id"].(int64) < offset })
		}
		found := slices.Clone(b.updates[:min(limit, len(b.updates))])
		news, dropped := b.news, s.dropped
		s.mu.Unlock()
		if len(found) > 0 || seconds == 0 {
			succeed(w, found)
			return
		}
		select {
		case <-news:
		case <-dropped: // Heal and Drop end requests in flight
			panic(http.ErrAbortHandler)
		case <-other:
			fail(w, http.StatusConflict, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running", nil)
			return
		case <-timeout.C:
			succeed(w, []any{})
			return
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
	}
}

// sendMessage follows https://core.telegram.org/bots/api#sendmessage; for the errors see https://github.com/TelegramBotAPI/errors.
func (s *Server) sendMessage(w http.ResponseWriter, r *http.Request, b *bot, params map[string]string) {
	chatID, err := strconv.ParseInt(params["chat_id"], 10, 64)
	topic, _ := strconv.Atoi(params["message_thread_id"])
	text, buttons := strings.TrimSpace(params["text"]), s.readKeyboard(params["reply_markup"])
	if s.Jitter > 0 {
		time.Sleep(rand.N(s.Jitter))
	}
	s.mu.Lock()
	code, description, parameters := s.refusal(b, chatID)
	switch {
	case code == 0 && s.held[chatID] > 0:
		code, description = http.StatusTooManyRequests, fmt.Sprintf("Too Many Requests: retry after %d", s.held[chatID])
		parameters = map[string]any{"retry_after": s.held[chatID]}
	case code == 0 && topic != 0 && !s.hasTopic(chatID, topic):
		code, description = http.StatusBadRequest, "Bad Request: message thread not found"
	case !s.Limits.allow(b, chatID, time.Now()):
		code, description, parameters = http.StatusTooManyRequests, "Too Many Requests: retry after 3", map[string]any{"retry_after": 3}
	case err != nil:
		code, description = http.StatusBadRequest, "Bad Request: chat_id is empty"
	case text == "":
		code, description = http.StatusBadRequest, "Bad Request: message text is empty"
	case len(utf16.Encode([]rune(text))) > 4096:
		code, description = http.StatusBadRequest, "Bad Request: message is too long"
	}
	s.ids++
	if code == 0 {
		s.sent = append(s.sent, Sent{Bot: b.username, Chat: chatID, Topic: topic, ID: s.ids, Text: text, At: time.Now(), Buttons: buttons})
	}
	id, count, hook, dropped := s.ids, len(s.sent), s.onSent, s.dropped
	s.mu.Unlock()
	if code == 0 && hook != nil {
		hook(count)
	}
	s.delay(r, dropped)
	if code != 0 {
		fail(w, code, description, parameters)
		return
	}
	succeed(w, map[string]any{
		"message_id": id, "date": time.Now().Unix(), "text": text, "chat": map[string]any{"id": chatID, "type": "private"},
		"from": map[string]any{"id": b.id, "is_bot": true, "first_name": b.username, "username": b.username},
	})
}

// delay waits for Latency. Drop loses the response meanwhile.
func (s *Server) delay(r *http.Request, dropped chan struct{}) {
	timer := time.NewTimer(s.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-dropped:
		panic(http.ErrAbortHandler)
	case <-r.Context().Done():
	case <-s.closed:
	}
}

// refusal returns why a bot may not write to a chat; code is 0 if it may. s.mu is held.
func (s *Server) refusal(b *bot, id int64) (code int, description string, parameters map[string]any) {
	if id > 0 {
		switch {
		case b.blocked[id]:
			return http.StatusForbidden, "Forbidden: bot was blocked by the user", nil
		case !b.known[id]:
			return http.StatusBadRequest, "Bad Request: chat not found", nil
		case s.restricted[id]:
			return http.StatusBadRequest, "Bad Request: CHAT_RESTRICTED", nil
		}
		return 0, "", nil
	}
	if code, description, parameters = s.absence(b, id); code != 0 {
		return code, description, parameters
	}
	c := s.chats[id]
	return c.refusal.code, c.refusal.description, nil
}

// absence returns why a bot is not in a group or channel; code is 0 if it is. s.mu is held.
func (s *Server) absence(b *bot, id int64) (code int, description string, parameters map[string]any) {
	c := s.chats[id]
	switch {
	case c == nil:
		return http.StatusBadRequest, "Bad Request: chat not found", nil
	case c.movedTo != 0:
		return http.StatusBadRequest, "Bad Request: group chat was upgraded to a supergroup chat", map[string]any{"migrate_to_chat_id": c.movedTo}
	case !c.members[b.id]:
		return http.StatusForbidden, "Forbidden: bot was kicked from the " + c.kind + " chat", nil
	}
	return 0, "", nil
}

// leaveChat follows https://core.telegram.org/bots/api#leavechat.
func (s *Server) leaveChat(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	id, _ := strconv.ParseInt(params["chat_id"], 10, 64)
	s.mu.Lock()
	c := s.chats[id]
	if c == nil || !c.members[b.id] {
		s.mu.Unlock()
		fail(w, http.StatusForbidden, "Forbidden: bot is not a member of the group chat", nil)
		return
	}
	delete(c.members, b.id)
	s.mu.Unlock()
	succeed(w, true)
}
