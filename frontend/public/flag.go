package public

import (
	"net/http"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/limits"
	"linienfunk/settings"
)

// flagRate limits the objections of one address. Those of a whole carrier share one: the reports that are objected to are few.
var flagRate = limits.PerMinute(20)

type flagData struct {
	City   site.CityLink
	Report string // as commands name it
}

// showFlag asks what is wrong with a report.
func (p *Pages) showFlag(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	if !city.Runs() || city.FlagsToHold() == 0 {
		return db.ErrNotFound
	}
	about := site.Page{Title: p.Text(r, "flag"), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "flag.html", flagData{site.LinkTo(city), r.PathValue("report")})
}

// flag counts the objection, and leads back to the city's page.
func (p *Pages) flag(w http.ResponseWriter, r *http.Request) error {
	city, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if !p.flags.Allow(limits.Client(r.RemoteAddr)) {
		p.Tell(w, r, pathOf(city), p.Text(r, "flag-many"), true)
		return nil
	}
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city.City, Name: "flag", Actor: commands.Actor{Visitor: limits.Client(r.RemoteAddr), Lang: p.Lang(r)},
		Args: map[string]any{"report": r.PathValue("report"), "reason": r.PostForm.Get("reason")}})
	refusals := commands.AsRefusals(err)
	switch {
	case refusals != nil:
		p.Tell(w, r, pathOf(city), p.Commands.Why(p.Lang(r), refusals[0]), true)
	case err != nil:
		return err
	default:
		command, _ := p.Commands.Find("flag")
		p.Tell(w, r, pathOf(city), p.Commands.Answer(p.Lang(r), city.Clock(), command, result).Text, false)
	}
	return nil
}

func pathOf(city settings.Snapshot) string { return "/c/" + city.City }
