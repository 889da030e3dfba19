// Package operator has the page of the operator: the cities of the instance, and what the operator does to them.
package operator

import (
	"crypto/rand"
	"embed"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/config"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Pages are the pages of the operator.
type Pages struct{ *site.Site }

// New makes the pages.
func New(s *site.Site) *Pages { return &Pages{s} }

// AddTo adds the pages to mux. For everybody but operators they do not exist.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /operator", p.Handle(p.forOperators(p.show)))
	mux.HandleFunc("POST /operator/{command}", p.Handle(p.forOperators(p.run)))
	mux.HandleFunc("GET /operator/{command}", p.Handle(p.forOperators(p.back)))
}

func (p *Pages) forOperators(action site.AdminAction) func(w http.ResponseWriter, r *http.Request) error {
	return p.LoggedIn(func(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
		if !p.IsOperator(admin) {
			return db.ErrNotFound
		}
		return action(w, r, admin)
	})
}

// pageData is the data of operator.html.
type pageData struct {
	Status string // of the instance, for people
	statusData
	Search            string
	Invites, Approves bool // how cities are registered here
	Cities            []city
	Next              string // path of the next page; empty on the last one
	First             bool
	Log               []act
	Older             string // path of older acts
	Once              string // identifies this copy of the page: a form that is sent twice is carried out once

	// Refused is a form that was refused: what it was about, and what was typed.
	Refused refused
	Errors  site.FormErrors // by the names of parameters
	blocksData
	Announcements []commands.AnnouncementShown
}

type refused struct {
	Command, City, Why string
	typed              url.Values
}

// Removes is the city whose form for its deletion was refused, and Stops the one for which another form was.
func (r refused) Removes() string {
	if r.Command == "city remove" {
		return r.City
	}
	return ""
}

// Stops is described at Removes.
func (r refused) Stops() string {
	if r.Command == "city remove" {
		return ""
	}
	return r.City
}

// Typed is what was typed into a field of the form that was refused.
func (r refused) Typed(name string) string { return r.typed.Get(name) }

type city struct {
	commands.OperatedCity
	Line string
}

type act struct {
	commands.OperatorAct
	What   string // the command, for people
	Values []string
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	return p.showPage(w, r, http.StatusOK, admin, pageData{Errors: site.FormErrors{}})
}

func (p *Pages) showPage(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, data pageData) error {
	run := func(name string, args map[string]any) (any, error) {
		return p.Commands.Run(r.Context(), commands.Call{Name: name, Args: args, Actor: p.actorOf(r, admin)})
	}
	query := r.URL.Query()
	data.Search, data.Once = strings.TrimSpace(query.Get("q")), rand.Text()
	data.Invites, data.Approves = p.Commands.Registration == config.ByInvitation, p.Commands.Registration == config.ByApproval
	args := map[string]any{"limit": 50, "waiting": query.Get("waiting") == "on"}
	for param, value := range map[string]string{"part": data.Search, "after": query.Get("after")} {
		if value != "" {
			args[param] = value
		}
	}
	result, err := run("city search", args)
	if commands.AsRefusals(err) != nil { // nothing has such a long name
		result, err = commands.OperatedCities{}, nil
	}
	if err != nil {
		return err
	}
	list := result.(commands.OperatedCities)
	for _, one := range list.Cities {
		data.Cities = append(data.Cities, city{one, site.LineClass(one.City)})
	}
	data.First = query.Get("after") == ""
	if list.Next != "" {
		data.Next = "/operator?" + url.Values{"q": {data.Search}, "after": {list.Next}}.Encode()
	}
	if result, err = run("announcements", nil); err != nil {
		return err
	}
	data.Announcements = result.(commands.Announcements).Announcements
	if data.blocksData, err = p.readBlocks(r, run); err != nil {
		return err
	}
	if data.statusData, data.Status, err = p.readStatus(r, run); err != nil {
		return err
	}
	args = map[string]any{}
	if before, err := strconv.Atoi(query.Get("before")); err == nil && before > 0 {
		args["before"] = before
	}
	if result, err = run("instance log", args); err != nil {
		return err
	}
	log := result.(commands.InstanceLog)
	for _, one := range log.Acts {
		shown := act{OperatorAct: one, What: one.Command}
		if command, ok := p.Commands.Find(one.Command); ok {
			shown.What = p.Commands.Help(p.Lang(r), command)
		}
		for _, name := range slices.Sorted(maps.Keys(one.Values)) {
			if text, ok := one.Values[name].(string); ok {
				shown.Values = append(shown.Values, text)
			}
		}
		data.Log = append(data.Log, shown)
	}
	if log.Next > 0 {
		data.Older = "/operator?" + url.Values{"before": {strconv.Itoa(log.Next)}}.Encode() + "#log"
	}
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "operator"), Private: true}, "operator.html", data)
}

// actorOf is the operator, who has no name for those who run a city.
func (p *Pages) actorOf(r *http.Request, admin db.Admin) commands.Actor {
	return commands.Actor{ID: commands.OperatorID, Level: commands.Operator, Admin: admin.ID, Lang: p.Lang(r)}
}

// run runs a command of operators from its form.
func (p *Pages) run(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	command, ok := p.Commands.Find(strings.ReplaceAll(r.PathValue("command"), "-", " "))
	if !ok || command.Name != "city restore" && command.Level != commands.Operator || command.Reads {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{}
	for _, one := range command.Params {
		if typed := strings.TrimSpace(r.PostForm.Get(one.Name)); typed != "" {
			args[one.Name] = one.Parse(typed)
		}
	}
	call := commands.Call{City: r.PostForm.Get("city"), Name: command.Name, Args: args, Actor: p.actorOf(r, admin), Key: r.PostForm.Get("once")}
	result, err := p.Commands.Run(r.Context(), call)
	if refusals := commands.AsRefusals(err); refusals != nil {
		data := pageData{Errors: site.FormErrors{}}
		data.Refused = refused{command.Name, call.City, r.PostForm.Get("why"), r.PostForm}
		for _, one := range refusals {
			data.Errors.Add(one.Param, p.Commands.Why(p.Lang(r), one))
		}
		return p.showPage(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	if err != nil {
		return err
	}
	p.Tell(w, r, "/operator", p.Commands.Answer(p.Lang(r), nil, command, result).Text, false)
	return nil
}

// back leads from the address of a form to the page.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, _ db.Admin) error {
	http.Redirect(w, r, "/operator", http.StatusSeeOther)
	return nil
}
