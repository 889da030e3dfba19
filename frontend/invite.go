package frontend

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/settings"
)

type inviteData struct {
	Address string
	Errors  formErrors
}

// invite mails a link that makes somebody an admin of the city.
func (f *Frontend) invite(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := parseForm(r); err != nil {
		return err
	}
	data := inviteData{Errors: formErrors{}}
	status := http.StatusUnprocessableEntity
	var wrong string
	if data.Address, wrong = f.parseAddress(r.PostForm.Get("address")); wrong != "" {
		data.Errors.add("invite", f.t(r, wrong))
	} else if !f.mayInvite(r, data.Address) {
		data.Errors.add("invite", f.t(r, "too-often"))
		status = http.StatusTooManyRequests
	}
	if len(data.Errors) > 0 {
		return f.showCity(w, r, status, admin, city, cityData{Form: newCityForm(city), Invite: data})
	}
	if err := f.mailInvitation(r, admin, city, data.Address); err != nil {
		return err
	}
	f.flash(w, r, f.t(r, "invite-sent", "Address", data.Address), false)
	http.Redirect(w, r, "/city/"+city.City+"#people", http.StatusSeeOther)
	return nil
}
