package frontend

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/settings"
)

// saveCity saves the city's own form. If somebody else has saved meanwhile, nothing is lost: the page shows both.
func (f *Frontend) saveCity(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := parseForm(r); err != nil {
		return err
	}
	form := readCityForm(r)
	_, err := f.Settings.Save(r.Context(), city.City, form.Base, admin.ID, form.settings())
	var found settings.Errors
	switch {
	case err == nil:
		f.Changed(city.City)
		f.flash(w, r, f.t(r, "settings-saved"), false)
		http.Redirect(w, r, "/city/"+city.City, http.StatusSeeOther)
		return nil
	case errors.As(err, &found):
		for _, one := range found {
			form.Errors.add(one.Field, f.sentence(r, one))
		}
		return f.showCity(w, r, http.StatusUnprocessableEntity, admin, city, cityData{Form: form})
	case errors.Is(err, settings.ErrConflict):
		return f.conflict(w, r, admin, city, form)
	}
	return err
}

func (f *Frontend) conflict(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot, form cityForm) error {
	now, ok, err := f.Settings.Get(r.Context(), city.City)
	if err != nil {
		return err
	}
	if !ok {
		return db.ErrNotFound
	}
	form.Base = now.Revision // whoever saves now has seen the other's
	form.compare(newCityForm(now), f.t(r, "switch-on"), f.t(r, "switch-off"))
	return f.showCity(w, r, http.StatusConflict, admin, now, cityData{Form: form, Conflict: true})
}

// sentence says what is wrong with a field, in the visitor's language.
func (f *Frontend) sentence(r *http.Request, e settings.FieldError) string {
	return f.t(r, e.Say, "Line", e.Line, "Why", f.why(r, e.Err), "Limit", fieldLimit(e.Field), "Range", fieldRange(e.Field))
}

// why translates the censor's reasons; what it does not know it leaves as it is.
func (f *Frontend) why(r *http.Request, err error) string {
	for _, one := range []struct {
		err error
		id  string
	}{
		{censor.ErrTooLong, "rule-too-long"},
		{censor.ErrTooManyLines, "rule-too-many"},
		{censor.ErrTooManyExpressions, "rule-too-many-expressions"},
		{censor.ErrTooLarge, "rule-too-large"},
		{censor.ErrTooComplex, "rule-too-complex"},
		{censor.ErrUnclosed, "rule-unclosed"},
		{censor.ErrMatchesAll, "rule-matches-all"},
		{censor.ErrNothing, "rule-nothing"},
		{censor.ErrStar, "rule-star"},
	} {
		if errors.Is(err, one.err) {
			return f.t(r, one.id)
		}
	}
	if errors.Is(err, censor.ErrExpression) {
		detail := strings.TrimPrefix(err.Error(), censor.ErrExpression.Error()+": ")
		return f.t(r, "rule-expression", "Detail", detail)
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func fieldLimit(field string) int {
	if field == "about" {
		return settings.MaxAbout
	}
	return settings.MaxTitle
}

func fieldRange(field string) [2]int {
	if field == "retention_hours" {
		return [2]int{settings.MinRetention, settings.MaxRetention}
	}
	return [2]int{settings.MinFreshness, settings.MaxFreshness}
}
