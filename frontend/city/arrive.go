package city

import (
	"errors"
	"net/http"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// arriveTime is the time limit for an upload of commands.MaxArrivalFile: with 1 Mbit/s.
const arriveTime = 10 * time.Minute

type arrivedData struct {
	City      site.CityLink
	Tabs      site.Tabs
	Came, Not []string // sentences
}

// arrive takes in the file of a city from another instance, and shows what has come of it.
func (p *Pages) arrive(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	p.AllowBody(w, r, 2*commands.MaxArrivalFile, arriveTime) // what is too large is read nevertheless: browsers do not show an answer that comes before they are done
	if err := site.ParseForm(r); err != nil {
		return err
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	wrong := func(sentence string) error {
		data := endData{Errors: site.FormErrors{}}
		data.Errors.Add("file", sentence)
		return p.endPage(w, r, http.StatusUnprocessableEntity, city, data)
	}
	file, header, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return wrong(p.Text(r, "arrive-no-file"))
	}
	if err != nil {
		return site.ErrForm
	}
	defer file.Close()
	parts := commands.Parts{Settings: r.PostForm.Get("settings") != "", Subscribers: r.PostForm.Get("subscribers") != ""}
	if parts == (commands.Parts{}) {
		return wrong(p.Text(r, "arrive-nothing"))
	}
	result, err := p.Commands.ArriveFile(r.Context(), commands.Call{City: city.City, Actor: p.actorOf(r, admin)}, file, header.Size, parts)
	if refusals := commands.AsRefusals(err); refusals != nil {
		return wrong(p.Commands.Why(p.Lang(r), refusals[0]))
	}
	if err != nil {
		return err
	}
	now, err := p.RequestedCity(r)
	if err != nil {
		return err
	}
	data := arrivedData{City: site.LinkTo(now), Tabs: site.TabsOf(r, now, "end")}
	data.Came, data.Not = p.Commands.ArrivalReport(p.Lang(r), result)
	about := site.Page{Title: p.Text(r, "arrived") + " – " + now.Title, Line: site.LineClass(now.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "arrived.html", data)
}
