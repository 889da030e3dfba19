package frontend

import (
	"errors"
	"net/http"
	"strings"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/settings/chain"
)

type citiesData struct {
	Cities       []cityLink
	City, Title  string
	Domain, Host string
	Errors       formErrors
}

// cities lists an admin's cities, and has the form for another one.
func (f *Frontend) cities(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	return f.showCities(w, r, http.StatusOK, admin, citiesData{})
}

func (f *Frontend) showCities(w http.ResponseWriter, r *http.Request, status int, admin db.Admin, data citiesData) error {
	names, err := f.DB.CitiesOf(r.Context(), admin.ID)
	if err != nil {
		return err
	}
	for _, name := range names {
		city, ok, err := f.Settings.Get(r.Context(), name)
		if err != nil {
			return err
		}
		if ok {
			data.Cities = append(data.Cities, linkTo(city))
		}
	}
	data.Domain, data.Host = f.Domain, strings.TrimPrefix(strings.TrimPrefix(f.BaseURL, "https://"), "http://")
	return f.show(w, r, status, page{Title: f.t(r, "cities")}, "cities.html", data)
}

func (f *Frontend) addCity(w http.ResponseWriter, r *http.Request, admin db.Admin) error {
	if err := parseForm(r); err != nil {
		return err
	}
	data := citiesData{Title: strings.TrimSpace(r.PostForm.Get("title")), Errors: formErrors{}}
	if err := f.checkCity(r, &data.City, data.Title, data.Errors); err != nil {
		return err
	}
	if len(data.Errors) > 0 {
		return f.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	var first *chain.Link
	err := f.DB.Transaction(r.Context(), func(tx *gorm.DB) (err error) {
		first, err = f.makeCity(tx, data.City, data.Title, f.lang(r), admin.ID)
		return err
	})
	if errors.Is(err, errManyCities) {
		data.Errors.add("", f.t(r, "cities-many", "Max", maxCities))
		return f.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	if err != nil {
		return err
	}
	if first == nil {
		data.Errors.add("city", f.t(r, "name-taken", "City", data.City))
		return f.showCities(w, r, http.StatusUnprocessableEntity, admin, data)
	}
	f.flash(w, r, f.t(r, "city-made"), false)
	return f.openCity(w, r, *first)
}
