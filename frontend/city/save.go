package city

import (
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
)

// saveCity saves the city's own form. If another admin has saved since it was shown, it shows the conflict.
func (p *Pages) saveCity(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	form := readCityForm(r)
	from, older, err := p.document(r.Context(), city, form.Base)
	if err != nil {
		return err
	}
	to, err := settings.With(from, form.changes(p.shownForm(from)))
	if err != nil {
		return err
	}
	a := submission{Base: form.Base, From: from, To: to, Note: form.Note, back: "/city/" + city.City}
	a.conflict = func(now settings.Snapshot) error { return p.conflict(w, r, admin, now, a) }
	a.invalid = func(found settings.Errors) error {
		p.addMistakes(r, &form, found)
		return p.showCity(w, r, http.StatusUnprocessableEntity, admin, city, cityData{Form: form})
	}
	if older {
		return a.conflict(city)
	}
	return p.submit(w, r, admin, city.City, a)
}

// shownForm returns the form as it was shown for a document.
func (p *Pages) shownForm(document []byte) cityForm {
	was, _, _ := p.Settings.Schema().Check(document, document) // of an invalid document it reads what is valid
	return newCityForm(settings.Snapshot{Settings: was})
}

// addMistakes adds mistakes to their fields; those of other fields, to the top of the form.
func (p *Pages) addMistakes(r *http.Request, form *cityForm, found settings.Errors) {
	var others settings.Errors
	for _, one := range found {
		if wording.InForm(one.Field) {
			form.Errors.Add(one.Field, p.words.Mistake(r, one))
		} else {
			others = append(others, one)
		}
	}
	for _, sentence := range p.words.Mistakes(r, others) {
		form.Errors.Add("", sentence)
	}
}
