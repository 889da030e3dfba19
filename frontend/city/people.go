package city

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// peopleData is the data of people.html.
type peopleData struct {
	City        site.CityLink
	Tabs        site.Tabs
	Zone        *time.Location
	Once        string // identifies this copy of the page: a form that is sent twice is carried out once
	People      []person
	LastOwner   bool // the visitor is the only owner
	Mails       bool // what waits is mailed to the visitor
	Invitations []commands.ListedInvitation
	Invite      inviteForm
	Errors      site.FormErrors // by the parameters of "invite" and "leave"
}

// person is somebody who runs the city, with days as people write them.
type person struct {
	commands.Person
	Since, Seen string
}

type inviteForm struct{ Address, Role string }

// people shows who runs the city, and to owners who is invited.
func (p *Pages) people(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	return p.showPeople(w, r, http.StatusOK, admin, city, peopleData{Errors: site.FormErrors{}})
}

func (p *Pages) showPeople(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, city settings.Snapshot, data peopleData) error {
	run := func(name string) (any, error) {
		return p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: name, Actor: p.actorOf(r, admin)})
	}
	result, err := run("people")
	if err != nil {
		return err
	}
	owners := 0
	for _, one := range result.(commands.People).People {
		if one.Role == string(db.RoleOwner) {
			owners++
		}
		data.Mails = data.Mails || one.You && one.Mails
		data.People = append(data.People, person{one, p.day(r, one.Since), p.day(r, one.Seen)})
	}
	data.City, data.Tabs, data.Zone, data.Once = site.LinkTo(city), site.TabsOf(r, city, "people"), city.Zone(), rand.Text()
	if data.Tabs.Owner {
		data.LastOwner = owners == 1
		if result, err = run("invitations"); err != nil {
			return err
		}
		data.Invitations = result.(commands.InvitationList).Invitations
	}
	about := site.Page{Title: p.Text(r, "people-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "people.html", data)
}

// day is a day such as 2026-11-28 as people write it; empty for none.
func (p *Pages) day(r *http.Request, text string) string {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return ""
	}
	return at.Format(p.Text(r, "day-format"))
}

// changePeople runs a command about people from its form.
func (p *Pages) changePeople(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	command, ok := p.Commands.Find(strings.ReplaceAll(r.PathValue("command"), "-", " "))
	if !ok || command.Group != "people" || command.Reads {
		return db.ErrNotFound
	}
	if command.Level > site.Level(r) {
		return p.Forbid(w, r, city)
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	args := map[string]any{}
	for _, one := range command.Params {
		switch typed := r.PostForm.Get(one.Name); {
		case one.Kind == commands.Switch:
			args[one.Name] = typed == "on"
		case typed != "":
			args[one.Name] = one.Parse(typed)
		}
	}
	call := commands.Call{City: city.City, Name: command.Name, Args: args, Actor: p.actorOf(r, admin), Key: r.PostForm.Get("once")}
	result, err := p.Commands.Run(r.Context(), call)
	refusals := commands.AsRefusals(err)
	if err != nil && refusals == nil {
		return err
	}
	home := "/city/" + city.City + "/people"
	switch {
	case refusals != nil && (command.Name == "invite" || command.Name == "leave"):
		data := peopleData{Invite: inviteForm{r.PostForm.Get("address"), r.PostForm.Get("role")}, Errors: site.FormErrors{}}
		for _, one := range refusals {
			data.Errors.Add(command.Name, p.Commands.Why(p.Lang(r), one))
		}
		return p.showPeople(w, r, http.StatusUnprocessableEntity, admin, city, data)
	case refusals != nil:
		p.Tell(w, r, home, p.Commands.Why(p.Lang(r), refusals[0]), true)
		return nil
	}
	if gone, ok := result.(commands.Membership); ok && gone.Role == "" && gone.Person == int(admin.ID) {
		home = "/cities"
	}
	p.Tell(w, r, home, p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text, false)
	return nil
}
