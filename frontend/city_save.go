package frontend

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/settings"
)

// saveCity saves the city's own form. If somebody else has saved since it was shown, the page shows both.
func (f *Frontend) saveCity(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := parseForm(r); err != nil {
		return err
	}
	form := readCityForm(r)
	from, older, err := f.document(r.Context(), city, form.Base)
	if err != nil {
		return err
	}
	to, err := settings.With(from, form.changes(f.shown(from)))
	if err != nil {
		return err
	}
	a := attempt{Base: form.Base, From: from, To: to, Note: form.Note, back: "/city/" + city.City}
	a.conflict = func(now settings.Snapshot) error { return f.conflict(w, r, now, a) }
	a.wrong = func(found settings.Errors) error {
		f.blame(r, &form, found)
		return f.showCity(w, r, http.StatusUnprocessableEntity, admin, city, cityData{Form: form})
	}
	if older {
		return a.conflict(city)
	}
	return f.submit(w, r, admin, city.City, a)
}

// shown is the form as it was shown when a document was the present one.
func (f *Frontend) shown(document []byte) cityForm {
	was, _, _ := f.Settings.Schema().Check(document, document) // even of one that cannot be used it reads what it can
	return newCityForm(settings.Snapshot{Settings: was})
}

// blame puts what is wrong at the form's fields; what is at none of them, above the form.
func (f *Frontend) blame(r *http.Request, form *cityForm, found settings.Errors) {
	var others settings.Errors
	for _, one := range found {
		if _, ok := fieldTexts[one.Field]; ok {
			form.Errors.add(one.Field, f.sentence(r, one))
		} else {
			others = append(others, one)
		}
	}
	for _, sentence := range f.sentences(r, others) {
		form.Errors.add("", sentence)
	}
}
