package frontend

import (
	"net/http"
	"time"

	"linienfunk/db"
	"linienfunk/settings"
	"linienfunk/templates"
)

type cityData struct {
	City      cityLink
	Tabs      tabs
	Zone      *time.Location
	Form      cityForm
	Languages []languageLink
	Zones     []zoneGroup
	Reports   []tryReport // to try the lists on
	Tried     *tried      // nil if nobody asked
	Sections  []adminSection
	Options   *optionsForm // one with mistakes, to be shown in its section
	Admins    []db.Admin
	Me        uint
	Invite    inviteData
}

// city is the settings page: the city's own form, each bot's section, and who looks after it.
func (f *Frontend) city(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	return f.showCity(w, r, http.StatusOK, admin, city, cityData{Form: newCityForm(city)})
}

func (f *Frontend) showCity(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, city settings.Snapshot, data cityData) error {
	var err error
	if data.Admins, err = f.DB.AdminsOf(r.Context(), city.City); err != nil {
		return err
	}
	if data.Reports, err = f.tryReports(r, city, data.Form.Try.Report); err != nil {
		return err
	}
	data.City, data.Tabs, data.Me, data.Zone = linkTo(city), tabs{city.City, "settings"}, admin.ID, city.Zone()
	data.Zones = zones(data.Form.TimeZone)
	for _, lang := range templates.Languages {
		data.Languages = append(data.Languages, languageLink{
			Lang: lang, Name: f.languageName(lang), Here: lang == data.Form.Lang,
		})
	}
	if data.Sections, err = f.adminSections(r, city, data.Options); err != nil {
		return err
	}
	p := page{Title: f.t(r, "settings-of", "City", city.Title), Line: lineOf(city.City), Private: true}
	return f.show(w, r, status, p, "city.html", data)
}
