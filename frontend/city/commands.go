package city

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// commandsData is the data of commands.html: every command as a form.
type commandsData struct {
	City   site.CityLink
	Tabs   site.Tabs
	Chats  string // networks in which commands can be written, for people
	Once   string // identifies this copy of the page: a form that is sent twice is carried out once
	Groups []commandGroup
	Errors site.FormErrors // by the ids of inputs, and of a form as a whole
}

// commandGroup is the commands about one thing.
type commandGroup struct {
	Title string
	All   []commandForm
}

// commandForm is a command with what was typed, and what came of it.
type commandForm struct {
	ID, Name, Help string
	Usage          string // as it is written in a chat; empty if it cannot
	Reads          bool
	Toggle         string // the parameter that its two buttons set, on and off; empty for one button
	State          string // what is now, for commands that say so
	Fields         []commandField
	Open           bool
	Answer         []string // lines
	JSON           string   // the result
}

// commandField is a parameter.
type commandField struct {
	Name, ID, Label string
	Kind            commands.Kind
	Value           string
	Choices         []string
	Min, Max        int
	Required, Lines bool
}

// actorOf is an admin who acts on a page.
func (p *Pages) actorOf(r *http.Request, admin db.Admin) commands.Actor {
	return commands.Actor{ID: fmt.Sprintf("admin %d", admin.ID), Level: site.Level(r), Admin: admin.ID, Lang: p.Lang(r)}
}

// showCommands shows all commands.
func (p *Pages) showCommands(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.commandsPage(w, r, http.StatusOK, city, p.newCommands(r, city))
}

func (p *Pages) commandsPage(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data commandsData) error {
	about := site.Page{Title: p.Text(r, "commands-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "commands.html", data)
}

func (p *Pages) newCommands(r *http.Request, city settings.Snapshot) commandsData {
	data := commandsData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "commands"), Errors: site.FormErrors{}}
	var chats []string
	for _, name := range p.Commands.NetworkNames() {
		chats = append(chats, p.bots.Title(p.Lang(r), name))
	}
	data.Chats, data.Once = strings.Join(chats, ", "), rand.Text()
	group := ""
	for _, command := range p.Commands.All() {
		if !onPages(command) || command.Level > site.Level(r) {
			continue
		}
		if command.Group != group {
			group = command.Group
			data.Groups = append(data.Groups, commandGroup{Title: p.Commands.Text(p.Lang(r), "group-"+group)})
		}
		last := &data.Groups[len(data.Groups)-1]
		form := p.commandForm(r, command)
		if _, ok := command.Result.(commands.HoldState); ok {
			form.State = p.Commands.Answer(p.Lang(r), city.Clock(), command, commands.HoldState{City: city.City, Panic: city.Panic, Hold: city.HoldAll}).Text
		}
		last.All = append(last.All, form)
	}
	return data
}

// onPages reports whether a city's admins have a command on its page.
func onPages(command commands.Command) bool {
	return !command.InChats && !command.NoCity && command.Level <= commands.Owner
}

func (p *Pages) commandForm(r *http.Request, command commands.Command) commandForm {
	lang := p.Lang(r)
	form := commandForm{ID: command.ID(), Name: command.Name, Help: p.Commands.Help(lang, command), Reads: command.Reads}
	if p.Commands.InChats(command) {
		form.Usage = p.Commands.Usage(lang, command)
	}
	for _, one := range command.Params {
		if one.Program {
			continue
		}
		if one.IsToggle() {
			form.Toggle = one.Name
			continue
		}
		field := commandField{Name: one.Name, ID: "c-" + command.ID() + "-" + one.Name, Label: p.Commands.ParamText(lang, one), Kind: one.Kind, Choices: one.Choices,
			Min: one.Min, Max: one.Max, Required: one.Required, Lines: one.Lines}
		if one.Default != nil && one.Kind != commands.Switch {
			field.Value = fmt.Sprint(one.Default)
		}
		form.Fields = append(form.Fields, field)
	}
	return form
}

// runCommand runs a command from its form, and shows what came of it.
func (p *Pages) runCommand(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	command, ok := p.Commands.Find(strings.ReplaceAll(r.PathValue("command"), "-", " "))
	if !ok || !onPages(command) {
		return db.ErrNotFound
	}
	if command.Level > site.Level(r) {
		return p.Forbid(w, r, city)
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := p.newCommands(r, city)
	form := data.form(command.Name)
	form.Open = true
	args := form.read(r, command)
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: command.Name, Args: args, Actor: p.actorOf(r, admin), Key: r.PostForm.Get("once")})
	refusals := commands.AsRefusals(err)
	if err != nil && refusals == nil {
		return err
	}
	for _, one := range refusals {
		field := "c-" + command.ID()
		if one.Param != "" {
			field += "-" + one.Param
		}
		data.Errors.Add(field, p.Commands.Why(p.Lang(r), one))
	}
	if len(refusals) > 0 {
		return p.commandsPage(w, r, http.StatusUnprocessableEntity, city, data)
	}
	form.State = "" // as it was before
	form.Answer = strings.Split(p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text, "\n")
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	form.JSON = string(text)
	return p.commandsPage(w, r, http.StatusOK, city, data)
}

// form returns the form of a command, which is on the page.
func (d commandsData) form(name string) *commandForm {
	for _, group := range d.Groups {
		if i := slices.IndexFunc(group.All, func(f commandForm) bool { return f.Name == name }); i >= 0 {
			return &group.All[i]
		}
	}
	return nil
}

// read returns the values of the form, and keeps what was typed. A field that was left empty has no value, unless it is required.
func (f *commandForm) read(r *http.Request, command commands.Command) map[string]any {
	args := map[string]any{}
	if f.Toggle != "" {
		args[f.Toggle] = r.PostForm.Get(f.Toggle) == "on"
	}
	for i, field := range f.Fields {
		one, _ := command.Param(field.Name)
		typed := site.LineEnds(r.PostForm.Get(one.Name))
		f.Fields[i].Value = typed
		switch {
		case one.Kind == commands.Switch:
			args[one.Name] = typed == "on"
		case typed != "" || one.Required && one.Kind == commands.Text:
			args[one.Name] = one.Parse(typed)
		}
	}
	return args
}

// onReport runs a command about a report in the ledger, and leads back to it.
func (p *Pages) onReport(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	command, ok := p.Commands.Find(r.PathValue("command"))
	if !ok || !isRuling(command) {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{command.Params[0].Name: r.PathValue("id")}
	for _, one := range command.Params[1:] {
		if typed := r.PostForm.Get(one.Name); typed != "" {
			args[one.Name] = one.Parse(typed)
		}
	}
	return p.runOnLedger(w, r, city, commands.Call{City: city.City, Name: command.Name, Args: args, Actor: p.actorOf(r, admin)})
}

// addWord adds a word of a report to a list.
func (p *Pages) addWord(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{"list": r.PostForm.Get("list"), "rule": r.PostForm.Get("rule")}
	return p.runOnLedger(w, r, city, commands.Call{City: city.City, Name: "lists add", Args: args, Actor: p.actorOf(r, admin)})
}

// runOnLedger runs a command, and leads back to the ledger, which says what came of it.
func (p *Pages) runOnLedger(w http.ResponseWriter, r *http.Request, city settings.Snapshot, call commands.Call) error {
	result, err := p.Commands.Run(r.Context(), call)
	refusals := commands.AsRefusals(err)
	if err != nil && refusals == nil {
		return err
	}
	if len(refusals) > 0 && refusals[0].Param == "report" {
		return db.ErrNotFound
	}
	say := ""
	if len(refusals) > 0 {
		say = p.Commands.Say(p.Lang(r), refusals[0])
	} else {
		command, _ := p.Commands.Find(call.Name)
		say = p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text
	}
	back := "/city/" + city.City + "/ledger"
	if before, err := strconv.ParseUint(r.URL.Query().Get("before"), 10, 32); err == nil {
		back += "?before=" + strconv.FormatUint(before, 10)
	} else if r.URL.Query().Get("held") == "1" {
		back += "?held=1"
	}
	p.Tell(w, r, back, say, len(refusals) > 0)
	return nil
}

// isRuling reports whether a command is about one report, and needs nothing else.
func isRuling(command commands.Command) bool {
	return len(command.Params) > 0 && command.Params[0].Kind == commands.Ref && !slices.ContainsFunc(command.Params[1:], func(p commands.Param) bool { return p.Required })
}

// Wrong returns the mistakes in a field, or those of a form as a whole.
func (d commandsData) Wrong(id string) site.FieldErrors {
	return site.FieldErrors{Field: id, Sentences: d.Errors[id]}
}

// Type is the type of a field's input.
func (f commandField) Type() string {
	return cmp.Or(map[commands.Kind]string{commands.Number: "number"}[f.Kind], "text")
}
