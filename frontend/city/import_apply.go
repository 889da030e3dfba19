package city

import (
	"net/http"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// importApply saves what the preview showed. If somebody else has saved since, it shows a new preview.
func (p *Pages) importApply(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	document, err := readDocument(r.PostForm.Get("document"))
	if err != nil || r.PostForm.Get("base") == "" {
		return site.ErrForm
	}
	data := previewData{Document: string(document), Note: strings.TrimSpace(r.PostForm.Get("note")), Stale: true}
	form := importForm{Errors: site.FormErrors{}}
	a := submission{Base: city.Hash, From: city.Document, To: document, Note: data.Note, back: "/city/" + city.City + "/history"}
	a.conflict = func(now settings.Snapshot) error { return p.preview(w, r, http.StatusConflict, now, data, form) }
	a.invalid = func(found settings.Errors) error { return p.importWrong(w, r, city, form, found) }
	if chain.Hash(r.PostForm.Get("base")) != city.Hash {
		return a.conflict(city)
	}
	return p.submit(w, r, admin, city.City, a)
}
