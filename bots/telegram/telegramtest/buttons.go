package telegramtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
)

// Button is a button under a message.
type Button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
}

// readKeyboard follows https://core.telegram.org/bots/api#inlinekeyboardmarkup and #inlinekeyboardbutton, of which exactly one field beside the text
// must be used.
func (s *Server) readKeyboard(markup string) (rows [][]Button) {
	if markup == "" {
		return nil
	}
	var keyboard struct {
		Rows [][]map[string]string `json:"inline_keyboard"`
	}
	if err := json.Unmarshal([]byte(markup), &keyboard); err != nil {
		s.complain("reply_markup %q: %v", markup, err)
	}
	for _, row := range keyboard.Rows {
		var buttons []Button
		for _, fields := range row {
			b := Button{fields["text"], fields["callback_data"]}
			if len(fields) != 2 || b.Text == "" || len(b.Data) < 1 || len(b.Data) > 64 {
				s.complain("button %q", fields)
			}
			buttons = append(buttons, b)
		}
		rows = append(rows, buttons)
	}
	return rows
}

// Press presses the button with a label under the last message to a person that has one, and returns whether there is one.
func (s *Server) Press(username, who, label string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range slices.Backward(s.sent) {
		for _, button := range slices.Concat(sent.Buttons...) {
			if sent.Chat == s.person(who) && sent.Bot == username && button.Text == label {
				s.press(username, who, sent, button.Data)
				return true
			}
		}
	}
	return false
}

// PressIn is Press for a button in a group.
func (s *Server) PressIn(group int64, username, who, label string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range slices.Backward(s.sent) {
		for _, button := range slices.Concat(sent.Buttons...) {
			if sent.Chat == group && sent.Bot == username && button.Text == label {
				s.pressIn(s.chats[group].json(), username, who, sent, button.Data)
				return true
			}
		}
	}
	return false
}

// PressData queues a press on a button with any data, under the last message to a person.
func (s *Server) PressData(username, who, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range slices.Backward(s.sent) {
		if sent.Chat == s.person(who) {
			s.press(username, who, sent, data)
			return
		}
	}
}

// press follows https://core.telegram.org/bots/api#callbackquery. s.mu is held.
func (s *Server) press(username, who string, below Sent, data string) {
	s.pressIn(map[string]any{"id": s.person(who), "type": "private", "first_name": who}, username, who, below, data)
}

func (s *Server) pressIn(chat map[string]any, username, who string, below Sent, data string) {
	b := s.botNamed(username)
	s.ids++
	query := strconv.FormatInt(4_382_000_000_000_000_000+s.ids, 10)
	s.presses[query] = false
	message := map[string]any{
		"message_id": below.ID, "date": time.Now().Unix(), "text": "x", "chat": chat,
		"from": map[string]any{"id": b.id, "is_bot": true, "first_name": username, "username": username},
	}
	if len(below.Buttons) > 0 {
		message["reply_markup"] = map[string]any{"inline_keyboard": below.Buttons}
	}
	s.queueUpdate(b, map[string]any{"callback_query": map[string]any{
		"id": query, "from": s.user(who), "chat_instance": "-3765", "data": data,
		"message": message,
	}})
}

// answerCallbackQuery follows https://core.telegram.org/bots/api#answercallbackquery.
func (s *Server) answerCallbackQuery(w http.ResponseWriter, _ *http.Request, _ *bot, params map[string]string) {
	s.mu.Lock()
	_, known := s.presses[params["callback_query_id"]]
	if known {
		s.presses[params["callback_query_id"]] = true
		s.toasts = append(s.toasts, Toast{params["text"], params["show_alert"] == "true"})
	}
	s.mu.Unlock()
	if len(utf16.Encode([]rune(params["text"]))) > 200 {
		s.complain("answerCallbackQuery with %q", params["text"])
	}
	if !known {
		fail(w, http.StatusBadRequest, "Bad Request: query is too old and response timeout expired or query ID is invalid", nil)
		return
	}
	succeed(w, true)
}

// Toast is what a bot says to a press on a button.
type Toast struct {
	Text  string
	Alert bool // stays until it is closed
}

// Toasts lists what the bots have said to presses.
func (s *Server) Toasts() []Toast {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.toasts)
}

// ForgetPresses makes presses too old to be answered.
func (s *Server) ForgetPresses() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.presses)
}

// UnansweredPresses returns the number of presses that the bots have not answered.
func (s *Server) UnansweredPresses() (count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, answered := range s.presses {
		if !answered {
			count++
		}
	}
	return count
}
