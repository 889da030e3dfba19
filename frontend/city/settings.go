package city

import (
	"net/http"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/templates"
)

type cityData struct {
	City      site.CityLink
	Tabs      site.Tabs
	Message   *site.Message // if it belongs into a section
	Zone      *time.Location
	Form      cityForm
	Unsaved   bool // the form has changes that are not saved
	Languages []site.LanguageLink
	Zones     []zoneGroup
	Reports   []tryReport // to try the lists on
	Tried     *tried      // nil unless the lists were tried
	Sections  []adminSection
	Options   *optionsForm // a form with mistakes to show in its section, or nil
}

// city is the settings page: the city's own form, and each bot's section.
func (p *Pages) city(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	return p.showCity(w, r, http.StatusOK, admin, city, cityData{Form: newCityForm(city)})
}

func (p *Pages) showCity(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, city settings.Snapshot, data cityData) error {
	var err error
	if data.Reports, err = p.tryReports(r, city, data.Form.Try.Report); err != nil {
		return err
	}
	data.City, data.Tabs, data.Zone = site.LinkTo(city), site.TabsOf(r, city, "settings"), city.Zone()
	data.Zones = zones(data.Form.TimeZone)
	data.Unsaved = len(data.Form.changes(newCityForm(city))) > 0
	for _, lang := range templates.Languages {
		data.Languages = append(data.Languages, site.LanguageLink{
			Lang: lang, Name: p.LanguageName(lang), Here: lang == data.Form.Lang,
		})
	}
	if data.Tabs.Owner {
		if data.Sections, err = p.adminSections(r, city, data.Options); err != nil {
			return err
		}
	}
	about := site.Page{Title: p.Text(r, "settings-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	ids := []string{"settings"}
	for _, one := range data.Sections {
		ids = append(ids, one.Name)
	}
	data.Message = p.PlaceMessage(w, r, &about, ids...)
	return p.Show(w, r, status, about, "city.html", data)
}
