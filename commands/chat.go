package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots/chat"
	"linienfunk/templates"
)

// InChats reports whether people can write a command in a chat. There, a report is written without one, and what is about the instance has no city's account.
func (c *Commands) InChats(command Command) bool {
	return command.Name != "report" && command.Name != "fate" && !command.NoCity && command.Level < Operator && command.Name != "link new"
}

// readWords collects what people write for the commands, in all languages.
func (c *Commands) readWords() map[string]*Command {
	words := map[string]*Command{}
	for i := range c.registry {
		for _, lang := range templates.Languages {
			for _, word := range c.wordsOf(lang, c.registry[i]) {
				words[word] = &c.registry[i]
			}
		}
	}
	return words
}

func (c *Commands) wordsOf(lang string, command Command) []string {
	words := strings.Split(c.Text(lang, "words-"+command.ID()), ",")
	for i := range words {
		words[i] = strings.ToLower(strings.TrimSpace(words[i]))
	}
	return words
}

// word is the first of the words for a command.
func (c *Commands) word(lang string, command Command) string { return c.wordsOf(lang, command)[0] }

// InNetwork returns the commands for the people of one network.
func (c *Commands) InNetwork(name string) chat.Commands { return inNetwork{c, name} }

type inNetwork struct {
	*Commands
	network string
}

// Run implements chat.Commands.
func (n inNetwork) Run(ctx context.Context, m chat.Message) (chat.Answer, bool, error) {
	command, rest, slash := n.find(m.Text)
	if command == nil {
		return chat.Answer{}, false, nil
	}
	if m.Group != "" && (!command.Groups || !slash) {
		return chat.Answer{}, false, nil
	}
	city, ok, err := n.Settings.Get(ctx, m.City)
	if err != nil || !ok {
		return chat.Answer{}, false, err
	}
	actor := Actor{Lang: city.Lang, Network: n.network, Person: m.Person, Group: m.Group}
	if !m.Forged || len(m.Reports) > 0 {
		if actor, err = n.asAdmin(ctx, m.City, actor); err != nil {
			return chat.Answer{}, false, err
		}
	}
	call := Call{City: m.City, Name: command.Name, Args: argsOf(m, *command, rest), Actor: actor}
	if !slash && !meant(*command, call) {
		return chat.Answer{}, false, nil
	}
	if m.Forged && !command.Reads && !slices.Contains(m.Reports, strings.TrimPrefix(call.Text("report"), "#")) {
		return n.refused(actor.Lang, *command, Refusals{refuse(Forbidden, "refused-forged")}), true, nil
	}
	if m.ID != "" {
		call.Key = n.network + " " + m.ID
	}
	result, err := n.Commands.Run(ctx, call)
	if refusals := AsRefusals(err); refusals != nil {
		a := n.refused(actor.Lang, *command, refusals)
		a.Linked, a.Role = actor.Linked, roleOf(actor.Level)
		return a, true, nil
	}
	if err != nil {
		return chat.Answer{}, true, err
	}
	if now, ok := result.(Linked); ok && command.InChats {
		if actor.Linked = now.Linked; now.Linked { // the answer is in the admin's language
			if actor, err = n.asAdmin(ctx, m.City, actor); err != nil {
				return chat.Answer{}, true, err
			}
		}
	}
	a := n.Answer(actor.Lang, city.Clock(), *command, result)
	a.Linked, a.Role = actor.Linked, roleOf(actor.Level)
	return a, true, nil
}

// roleOf is for whom the menu of somebody with a level is.
func roleOf(level Level) chat.Role {
	switch {
	case level >= Owner:
		return chat.Owner
	case level == Moderator:
		return chat.Moderator
	}
	return chat.Rider
}

// asAdmin returns the actor as the admin who has linked them, if there is one.
func (n inNetwork) asAdmin(ctx context.Context, city string, actor Actor) (Actor, error) {
	row, level, err := n.linkOf(ctx, city, n.network, actor.Person)
	if err != nil || level == Anyone {
		return actor, err
	}
	actor.ID, actor.Level, actor.Admin, actor.Linked = fmt.Sprintf("admin %d", row.AdminID), level, row.AdminID, true
	if admin, err := n.DB.AdminByID(ctx, row.AdminID); err == nil && admin.Lang != "" && actor.Group == "" { // a group reads the city's language
		actor.Lang = admin.Lang
	}
	return actor, nil
}

// Moved implements chat.Commands.
func (n inNetwork) Moved(ctx context.Context, city, from, to string) error {
	return n.movePlace(ctx, city, n.network, from, to)
}

// Cities implements chat.Commands.
func (n inNetwork) Cities(ctx context.Context) (map[string]bool, error) {
	cities := map[string]bool{}
	for _, table := range []any{&Link{}, &InfoPlace{}} {
		var names []string
		if err := n.Tables.WithContext(ctx).Model(table).Where("network = ?", n.network).Distinct("city").Pluck("city", &names).Error; err != nil {
			return nil, fmt.Errorf("list cities with linked chats: %w", err)
		}
		for _, name := range names {
			cities[name] = true
		}
	}
	return cities, nil
}

// find returns the command that a text begins with, nil if there is none.
func (c *Commands) find(text string) (found *Command, rest string, slash bool) {
	text, slash = strings.CutPrefix(strings.TrimSpace(text), "/")
	first, rest, _ := cutWord(text)
	second, after, _ := cutWord(rest)
	if found = c.words[first+" "+second]; found != nil {
		rest = after
	} else {
		found = c.words[first]
	}
	if found == nil || !c.InChats(*found) {
		return nil, "", false
	}
	return found, rest, slash
}

// meant reports whether a text without a slash is a command: an admin has written it, and nothing but values follow. A report may begin with any word.
func meant(command Command, call Call) bool {
	if !call.Actor.Linked || slices.ContainsFunc(command.Params, func(p Param) bool { return p.Kind == Text && p.Max > 100 }) {
		return false
	}
	_, mistakes := command.values(withPerson(command, maps.Clone(call.Args), call.Actor))
	return len(mistakes) == 0
}

// argsOf reads the values behind a command in a message, which may be about a report that it does not name.
func argsOf(m chat.Message, command Command, rest string) map[string]any {
	args := readArgs(command, rest)
	if _, ok := command.Param("report"); ok && rest == "" && len(m.Reports) == 1 {
		args["report"] = m.Reports[0]
	}
	return args
}

func withPerson(command Command, args map[string]any, actor Actor) map[string]any {
	if p, ok := command.Param("network"); ok && p.Person {
		args["network"], args["person"] = actor.Network, actor.Person
	}
	return args
}

// cutWord returns the first word of a text in lower case, without punctuation behind it, and the rest.
func cutWord(text string) (word, rest string, found bool) {
	word, rest, found = strings.Cut(strings.TrimSpace(text), " ")
	if line, more, ok := strings.Cut(word, "\n"); ok {
		word, rest = line, more+" "+rest
	}
	return strings.TrimRight(strings.ToLower(word), ".,:;!"), strings.TrimSpace(rest), found
}

// readArgs reads the values behind a command, in the order of its parameters. What is left over is a value of the last one, which then is wrong, or a value without a name.
func readArgs(command Command, rest string) map[string]any {
	args := map[string]any{}
	params := slices.DeleteFunc(slices.Clone(command.Params), func(p Param) bool { return p.Person || p.Program })
	for i, p := range params {
		if rest == "" {
			return args
		}
		word := rest
		if p.Kind == Object {
			word, rest = cutObject(rest)
		} else if last := i == len(params)-1; !last || p.Kind != Text {
			word, rest, _ = strings.Cut(rest, " ")
			if last && strings.TrimSpace(rest) != "" {
				word += " " + rest // too much is a mistake, not something to leave out
			}
		}
		args[p.Name] = p.Parse(word)
		rest = strings.TrimSpace(rest)
	}
	if len(params) == 0 && rest != "" {
		args[rest] = ""
	}
	return args
}

// cutObject returns the JSON at the beginning of a text, and the rest; all of a text that does not begin with JSON.
func cutObject(text string) (object, rest string) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var any json.RawMessage
	if decoder.Decode(&any) != nil {
		return text, ""
	}
	return text[:decoder.InputOffset()], text[decoder.InputOffset():]
}

// Answer is a result as text, for people. Without a zone, times are the server's.
func (c *Commands) Answer(lang string, zone Zone, command Command, result any) chat.Answer {
	a := chat.Answer{Text: strings.TrimSpace(c.Text(lang, "answer-"+command.ID(), "R", result, "Zone", zone,
		"When", func(at time.Time) string { return c.texts.When(lang, at.In(cmp.Or(zone, time.Local))) }))}
	if list, ok := result.(ReportList); ok {
		for _, r := range list.Reports {
			if r.Held {
				a.Buttons = append(a.Buttons, c.rulingButtons(lang, r.Report)...)
			}
		}
	}
	return a
}

// rulingButtons are the buttons under a report that is held.
func (c *Commands) rulingButtons(lang string, report int) (buttons []chat.Button) {
	for _, name := range []string{"release", "refuse"} {
		buttons = append(buttons, chat.Button{
			Label: c.Text(lang, "button-"+name, "Report", report), Report: strconv.Itoa(report), Command: fmt.Sprintf("/%s %d", c.word(lang, *c.byName[name]), report),
		})
	}
	return buttons
}

// refused says why a command was refused, and how it is written.
func (c *Commands) refused(lang string, command Command, refusals Refusals) chat.Answer {
	var lines []string
	invalid := false
	for _, one := range refusals {
		lines = append(lines, c.Say(lang, one))
		invalid = invalid || one.Reason == Invalid
	}
	if invalid && len(command.Params) > 0 {
		lines = append(lines, c.Usage(lang, command))
	}
	return chat.Answer{Text: strings.Join(lines, "\n"), Refused: true}
}
