package city

import (
	"net/http"
	"strconv"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

// stoppable returns the city and the person of an address that is in mails about what waits. Whoever has it need not be logged in.
func (p *Pages) stoppable(r *http.Request) (city settings.Snapshot, person uint, err error) {
	number, err := strconv.ParseUint(r.PathValue("person"), 10, 31)
	if err != nil || !p.Commands.MailsStoppable(r.PathValue("city"), uint(number), r.PathValue("seal")) {
		return city, 0, db.ErrNotFound
	}
	city, err = p.RequestedCity(r)
	return city, uint(number), err
}

// stopMailsForm changes nothing: mail scanners follow links, too.
func (p *Pages) stopMailsForm(w http.ResponseWriter, r *http.Request) error {
	city, _, err := p.stoppable(r)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.Show(w, r, http.StatusOK, site.Page{Title: p.Text(r, "stop-mails"), Line: site.LineClass(city.City), Private: true}, "stop_mails.html", site.LinkTo(city))
}

// stopMails takes the form, and what mail programs send for people (RFC 8058).
func (p *Pages) stopMails(w http.ResponseWriter, r *http.Request) error {
	city, person, err := p.stoppable(r)
	if err == nil {
		err = p.Commands.StopMails(r.Context(), city.City, person)
	}
	if err != nil {
		return err
	}
	p.ShowMessage(w, r, http.StatusOK, "stop-mails", "stop-mails-done")
	return nil
}
