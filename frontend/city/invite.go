package city

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
)

type inviteData struct {
	Address string
	Errors  site.FormErrors
}

// invite mails an invitation to become an admin of the city.
func (p *Pages) invite(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := inviteData{Errors: site.FormErrors{}}
	status := http.StatusUnprocessableEntity
	var wrong string
	if data.Address, wrong = p.accounts.ParseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.Add("invite", p.Text(r, wrong))
	} else if !p.accounts.MayInvite(r, data.Address) {
		data.Errors.Add("invite", p.Text(r, "too-often"))
		status = http.StatusTooManyRequests
	}
	if len(data.Errors) > 0 {
		return p.showCity(w, r, status, admin, city, cityData{Form: newCityForm(city), Invite: data})
	}
	if err := p.accounts.MailInvitation(r, admin, city, data.Address); err != nil {
		return err
	}
	p.Tell(w, r, "/city/"+city.City+"#people", p.Text(r, "invite-sent", "Address", data.Address), false)
	return nil
}
