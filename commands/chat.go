package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linienfunk/bots/chat"
	"linienfunk/templates"
)

// InChats reports whether people can write a command in a chat. There, a report is written without one, and what is about the instance has no city's account.
func (c *Commands) InChats(command Command) bool {
	return command.Name != "report" && !command.NoCity && command.Name != "link new"
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
	city, ok, err := n.Settings.Get(ctx, m.City)
	if err != nil || !ok {
		return chat.Answer{}, false, err
	}
	actor := Actor{Lang: city.Lang, Network: n.network, Person: m.Person}
	row, linked, err := n.linkOf(ctx, m.City, n.network, m.Person)
	if err != nil {
		return chat.Answer{}, false, err
	}
	if linked && !m.Forged {
		actor.ID, actor.Level, actor.Admin, actor.Linked = fmt.Sprintf("admin %d", row.AdminID), Owner, row.AdminID, true
		if admin, err := n.DB.AdminByID(ctx, row.AdminID); err == nil && admin.Lang != "" {
			actor.Lang = admin.Lang
		}
	}
	command, rest, ok := n.parse(m.Text, actor)
	if !ok {
		return chat.Answer{}, false, nil
	}
	call := Call{City: m.City, Name: command.Name, Args: readArgs(command, rest), Actor: actor}
	if m.ID != "" {
		call.Key = n.network + " " + m.ID
	}
	result, err := n.Commands.Run(ctx, call)
	if refusals := AsRefusals(err); refusals != nil {
		return n.refused(actor.Lang, command, refusals), true, nil
	}
	if err != nil {
		return chat.Answer{}, true, err
	}
	return n.Answer(actor.Lang, city.Clock(), command, result), true, nil
}

// parse finds the command that a text begins with. Without a slash it is one only if an admin has written it, and nothing but values follow: a report may begin with any word.
func (c *Commands) parse(text string, actor Actor) (command Command, rest string, ok bool) {
	text, slash := strings.CutPrefix(strings.TrimSpace(text), "/")
	first, rest, _ := cutWord(text)
	second, after, _ := cutWord(rest)
	found := c.words[first+" "+second]
	if found != nil {
		rest = after
	} else if found = c.words[first]; found == nil {
		return Command{}, "", false
	}
	if !c.InChats(*found) {
		return Command{}, "", false
	}
	if slash {
		return *found, rest, true
	}
	if !actor.Linked || slices.ContainsFunc(found.Params, func(p Param) bool { return p.Kind == Text && p.Max > 100 }) {
		return Command{}, "", false
	}
	_, mistakes := found.values(withPerson(*found, readArgs(*found, rest), actor))
	return *found, rest, len(mistakes) == 0
}

func withPerson(command Command, args map[string]any, actor Actor) map[string]any {
	if _, ok := command.Param("network"); ok {
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
	params := slices.DeleteFunc(slices.Clone(command.Params), func(p Param) bool { return p.Person })
	for i, p := range params {
		if rest == "" {
			return args
		}
		word := rest
		if last := i == len(params)-1; !last || p.Kind != Text {
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

// Answer is a result as text, for people.
func (c *Commands) Answer(lang string, zone Zone, command Command, result any) chat.Answer {
	a := chat.Answer{Text: strings.TrimSpace(c.Text(lang, "answer-"+command.ID(), "R", result, "Zone", zone))}
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
			Label: c.Text(lang, "button-"+name, "Report", report), Command: fmt.Sprintf("/%s %d", c.word(lang, *c.byName[name]), report),
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
