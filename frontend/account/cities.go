package account

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gorm.io/gorm"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/internal/config"
	"linienfunk/settings/chain"
)

type citiesData struct {
	Cities       []site.CityLink
	City         cityFields
	Invitation   string
	Registration site.Registration
	Approval     bool // the operator has to approve a new city
	Domain, Host string
	Errors       site.FormErrors
}

// cities lists an admin's cities, with a form to add one.
func (p *Pages) cities(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	return p.showCities(w, r, http.StatusOK, admin, citiesData{Invitation: r.URL.Query().Get("invitation")})
}

func (p *Pages) showCities(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, data citiesData) error {
	names, err := p.DB.CitiesOf(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	if data.Cities, err = p.linksTo(r.Context(), names); err != nil {
		return err
	}
	data.Domain, data.Host = p.Domain, strings.TrimPrefix(strings.TrimPrefix(p.BaseURL, "https://"), "http://")
	data.Registration, data.Approval = p.Registration(), p.Commands.Registration == config.ByApproval
	return p.Show(w, r, status, site.Page{Title: p.Text(r, "cities")}, "cities.html", data)
}

// linksTo returns links to those of the cities whose settings are loaded here.
func (p *Pages) linksTo(ctx context.Context, names []string) (all []site.CityLink, err error) {
	for _, name := range names {
		city, ok, err := p.Settings.Get(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, site.LinkTo(city))
		}
	}
	return all, nil
}

func (p *Pages) addCity(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := citiesData{City: readCityFields(r), Invitation: r.PostForm.Get("invitation"), Errors: site.FormErrors{}}
	if err := p.checkCity(r, &data.City, data.Errors); err != nil {
		return err
	}
	if p.Commands.AddressBlocked(admin.Address) {
		data.Errors.Add("", p.Text(r, "address-blocked"))
	}
	if len(data.Errors) > 0 {
		return p.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	var first *chain.Link
	err := p.DB.Transaction(r.Context(), func(tx *gorm.DB) (err error) {
		first, err = p.createCity(tx, data.City, p.Lang(r), admin.ID, data.Invitation)
		return err
	})
	if errors.Is(err, commands.ErrNotInvited) { // the link was used in the meantime
		p.ShowMessage(w, r, http.StatusForbidden, "register-invited", "register-invited-text")
		return nil
	}
	if errors.Is(err, errManyCities) {
		data.Errors.Add("", p.Text(r, "cities-many", "Max", maxCities))
		return p.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	if err != nil {
		return err
	}
	if first == nil {
		data.Errors.Add("city", p.Text(r, "name-taken", "City", data.City.Name))
		return p.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	return p.announceCity(w, r, *first)
}
