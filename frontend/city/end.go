package city

import (
	"net/http"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type endData struct {
	City   site.CityLink
	Tabs   site.Tabs
	Name   string // that was typed
	Errors site.FormErrors
}

// showEnd is the page on which a city is deleted, and on which that is stopped.
func (p *Pages) showEnd(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.endPage(w, r, http.StatusOK, city, endData{})
}

func (p *Pages) endPage(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data endData) error {
	data.City, data.Tabs = site.LinkTo(city), site.TabsOf(r, city, "end")
	about := site.Page{Title: p.Text(r, "end") + " – " + city.Title, Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "end.html", data)
}

// end deletes the city, or stops that.
func (p *Pages) end(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	names := map[string]string{"delete": "city delete", "restore": "city restore"}
	command, ok := p.Commands.Find(names[r.PathValue("command")])
	if !ok {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{}
	if r.PathValue("command") == "delete" {
		args["name"] = r.PostForm.Get("name")
	}
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: command.Name, Args: args, Actor: p.actorOf(r, admin)})
	refusals := commands.AsRefusals(err)
	switch {
	case err != nil && refusals == nil:
		return err
	case refusals != nil && refusals[0].Param != "":
		data := endData{Name: r.PostForm.Get("name"), Errors: site.FormErrors{}}
		data.Errors.Add("name", p.Commands.Why(p.Lang(r), refusals[0]))
		return p.endPage(w, r, http.StatusUnprocessableEntity, city, data)
	case refusals != nil:
		p.Tell(w, r, "/city/"+city.City+"/end", p.Commands.Why(p.Lang(r), refusals[0]), true)
		return nil
	}
	p.Tell(w, r, "/city/"+city.City+"/end", p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text, false)
	return nil
}
