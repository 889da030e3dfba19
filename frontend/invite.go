package frontend

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/settings"
)

// invitation is the data of an invitation's link.
type invitation struct {
	City, Address string
}

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
	} else if !f.limits.mailClient.allow(client(r), f.Now()) || !f.limits.mailAddress.allow(data.Address, f.Now()) {
		data.Errors.add("invite", f.t(r, "too-often"))
		status = http.StatusTooManyRequests
	}
	if len(data.Errors) > 0 {
		return f.showCity(w, r, status, admin, city, cityData{Form: newCityForm(city), Invite: data})
	}
	token, err := f.newToken(r.Context(), forInvite, admin.ID, invitation{city.City, data.Address}, inviteTime)
	if err != nil {
		return err
	}
	err = f.send(r.Context(), letter{
		id: "invite", lang: f.lang(r), to: data.Address, key: tokenHash(token), expires: f.Now().Add(inviteTime),
		pairs: []any{"City", city.Title, "By", admin.Address, "URL", f.BaseURL + "/invite/" + token},
	})
	if err != nil {
		return err
	}
	f.flash(w, r, f.t(r, "invite-sent", "Address", data.Address), false)
	http.Redirect(w, r, "/city/"+city.City+"#people", http.StatusSeeOther)
	return nil
}
