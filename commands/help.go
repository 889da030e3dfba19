package commands

import (
	"context"
	"slices"
	"strings"

	"linienfunk/bots/chat"
)

// Help is the result of "help": what the actor can do, and what they can do once they have subscribed.
type Help struct {
	Commands []HelpEntry `json:"commands"`
}

// HelpEntry describes a command.
type HelpEntry struct {
	Command string   `json:"command"`
	Params  []string `json:"params"`
	Help    string   `json:"help" doc:"What it does, for people."`
	Usage   string   `json:"usage" doc:"As people write it in a chat."`
}

func help(_ context.Context, c *Commands, call Call) (any, error) {
	h := Help{Commands: []HelpEntry{}}
	lang := call.Actor.Lang
	inChat := call.Actor.Network != ""
	for _, command := range c.registry {
		if command.Level > max(call.Actor.Level, Subscriber) || command.InChats && !inChat || inChat && !c.InChats(command) {
			continue
		}
		h.Commands = append(h.Commands, HelpEntry{command.Name, append([]string{}, command.paramNames()...), c.Help(lang, command), c.Usage(lang, command)})
	}
	return h, nil
}

// Help says what a command does, in a line.
func (c *Commands) Help(lang string, command Command) string {
	return c.Text(lang, "command-"+command.ID())
}

// Usage is how a command is written in a chat: "/lists add <list> <rule>".
func (c *Commands) Usage(lang string, command Command) string {
	usage := "/" + c.word(lang, command)
	for _, p := range command.Params {
		switch {
		case p.Person, p.Program:
		case p.Required:
			usage += " <" + c.ParamText(lang, p) + ">"
		default:
			usage += " [" + c.ParamText(lang, p) + "]"
		}
	}
	return usage
}

// ParamText names a parameter for people.
func (c *Commands) ParamText(lang string, p Param) string {
	return c.Text(lang, "param-"+strings.ReplaceAll(p.Name, "_", "-"))
}

// Menu implements chat.Commands.
func (c *Commands) Menu(lang string, role chat.Role) (items []chat.MenuItem) {
	most := map[chat.Role]Level{chat.Rider: Subscriber, chat.Moderator: Moderator, chat.Owner: Owner}[role]
	for _, command := range c.registry {
		if !c.InChats(command) || command.Level > most {
			continue
		}
		words := slices.DeleteFunc(c.wordsOf(lang, command), func(word string) bool { return strings.Contains(word, " ") })
		if len(words) > 0 {
			items = append(items, chat.MenuItem{Word: words[0], Help: c.Help(lang, command)})
		}
	}
	return items
}
