package telegramtest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// setMyCommands follows https://core.telegram.org/bots/api#setmycommands and #botcommand.
func (s *Server) setMyCommands(w http.ResponseWriter, _ *http.Request, b *bot, params map[string]string) {
	var commands []struct{ Command, Description string }
	var scope struct{ Type string }
	err := json.Unmarshal([]byte(params["commands"]), &commands)
	if err == nil {
		err = json.Unmarshal([]byte(params["scope"]), &scope)
	}
	scopes := []string{"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
	if err != nil || len(commands) == 0 || len(commands) > 100 || !slices.Contains(scopes, scope.Type) {
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
	b.menu[scope.Type] = shown
	s.mu.Unlock()
	succeed(w, true)
}

// Menu returns a bot's menu in chats of a scope (https://core.telegram.org/bots/api#botcommandscope), as
// "command – description" lines.
func (s *Server) Menu(username, scope string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.botNamed(username).menu[scope]
}
