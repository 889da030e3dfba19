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
	URL    string // that was typed
	Errors site.FormErrors

	Moved string // where the city says that it is now; empty if it stays
	Asks  string // when its subscribers are asked, for people; empty if they have been

	Used bool // the city has relayed something: a file from elsewhere is more likely for its subscribers alone
}

// showEnd is the page on which a city is deleted, and on which that is stopped.
func (p *Pages) showEnd(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.endPage(w, r, http.StatusOK, city, endData{})
}

func (p *Pages) endPage(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data endData) error {
	data.City, data.Tabs = site.LinkTo(city), site.TabsOf(r, city, "end")
	move, moved, err := p.Commands.MoveOf(r.Context(), city.City)
	if err != nil {
		return err
	}
	if data.Used, err = db.Any(p.DB.WithContext(r.Context()).Model(&db.Entry{}), "city = ? AND passed = ?", city.City, true); err != nil {
		return err
	}
	if data.Moved = move.URL; moved && !move.Told {
		data.Asks = move.Asks.In(city.Clock()).Format(p.Text(r, "date-format"))
	}
	about := site.Page{Title: p.Text(r, "end") + " – " + city.Title, Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "end.html", data)
}

// end deletes the city, says that it has moved, or stops one of them.
func (p *Pages) end(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	names := map[string]string{"delete": "city delete", "restore": "city restore", "moved": "city moved", "stays": "city stays"}
	command, ok := p.Commands.Find(names[r.PathValue("command")])
	if !ok {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{}
	for _, param := range command.Params {
		args[param.Name] = r.PostForm.Get(param.Name)
	}
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: command.Name, Args: args, Actor: p.actorOf(r, admin)})
	refusals := commands.AsRefusals(err)
	switch {
	case err != nil && refusals == nil:
		return err
	case refusals != nil && refusals[0].Param != "":
		data := endData{Name: r.PostForm.Get("name"), URL: r.PostForm.Get("url"), Errors: site.FormErrors{}}
		data.Errors.Add(refusals[0].Param, p.Commands.Why(p.Lang(r), refusals[0]))
		return p.endPage(w, r, http.StatusUnprocessableEntity, city, data)
	case refusals != nil:
		p.Tell(w, r, "/city/"+city.City+"/end", p.Commands.Why(p.Lang(r), refusals[0]), true)
		return nil
	}
	text := p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text
	if ending, ok := result.(commands.CityEnding); ok { // here is a button for what is a command elsewhere
		text = p.Text(r, "end-begun", "Ends", p.When(r, ending.Ends.In(city.Clock())))
	}
	p.Tell(w, r, "/city/"+city.City+"/end", text, false)
	return nil
}
