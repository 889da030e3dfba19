package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// setMyCommands follows https://core.telegram.org/bots/api#setmycommands and #botcommand.
func (s *Server) setMyCommands(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	var commands []struct{ Command, Description string }
	var scope menuScope
	err := json.Unmarshal([]byte(params["commands"]), &commands)
	if err == nil {
		err = json.Unmarshal([]byte(params["scope"]), &scope)
	}
	if err != nil || len(commands) == 0 || len(commands) > 100 || !scope.isValid() {
		s.complain("setMyCommands with %q for %q", params["commands"], params["scope"])
	}
	var shown []string
	for _, c := range commands {
		if length := utf8.RuneCountInString(c.Description); !commandName.MatchString(c.Command) || length < 1 || length > 256 {
			s.complain("command %q with %q", c.Command, c.Description)
		}
		shown = append(shown, c.Command+" – "+c.Description)
	}
	s.mu.Lock()
	b.menu[scope.String()] = shown
	s.mu.Unlock()
	succeed(w, true)
}

// deleteMyCommands follows https://core.telegram.org/bots/api#deletemycommands.
func (s *Server) deleteMyCommands(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	var scope menuScope
	if err := json.Unmarshal([]byte(params["scope"]), &scope); err != nil || !scope.isValid() {
		s.complain("deleteMyCommands for %q", params["scope"])
	}
	s.mu.Lock()
	delete(b.menu, scope.String())
	s.mu.Unlock()
	succeed(w, true)
}

// menuScope follows https://core.telegram.org/bots/api#botcommandscope.
type menuScope struct {
	Type string `json:"type"`
	Chat int64  `json:"chat_id"`
}

func (m menuScope) isValid() bool {
	kinds := []string{"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
	return m.Type == "chat" && m.Chat != 0 || slices.Contains(kinds, m.Type) && m.Chat == 0
}

func (m menuScope) String() string {
	if m.Type == "chat" {
		return fmt.Sprintf("chat %d", m.Chat)
	}
	return m.Type
}

// PrivateMenu returns the menu that a person sees in the chat with a bot.
func (s *Server) PrivateMenu(username, who string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	menu := s.botNamed(username).menu
	if own, ok := menu[menuScope{"chat", s.person(who)}.String()]; ok {
		return own
	}
	return menu["all_private_chats"]
}

// Menu returns a bot's menu in chats of a scope (https://core.telegram.org/bots/api#botcommandscope), as
// "command – description" lines.
func (s *Server) Menu(username, scope string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.botNamed(username).menu[scope]
}
