package city

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// importForm is the form to import a file.
type importForm struct {
	Text   string // the pasted text
	Errors site.FormErrors
}

type previewData struct {
	City     site.CityLink
	Tabs     site.Tabs
	Base     chain.Hash
	Document string
	Other    string // the city in the file, if it is another one
	Stale    bool   // another admin saved after the preview was shown
	Changes  []wording.Change
	Note     string
	MaxNote  int
}

// importFile checks a file and shows its changes. It saves nothing.
func (p *Pages) importFile(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	text, err := importText(r)
	if err != nil {
		return err
	}
	form := importForm{Text: r.PostForm.Get("text"), Errors: site.FormErrors{}}
	document, err := settings.ReadExport(text)
	if err != nil {
		form.Errors.Add("import", p.Text(r, "import-format"))
		return p.showHistory(w, r, http.StatusUnprocessableEntity, city, form)
	}
	if len(document) > chain.MaxDocument {
		return p.importWrong(w, r, city, form, settings.Errors{{TextID: "settings-error-large"}})
	}
	var file settings.Export
	_ = json.Unmarshal(text, &file) // ReadExport has parsed it
	data := previewData{Document: string(document), Note: p.Text(r, "import-note")}
	if file.City != city.City {
		data.Other = report.Cut(report.Clean(file.City), 40)
		data.Note = p.Text(r, "import-note-other", "City", data.Other)
	}
	return p.preview(w, r, http.StatusOK, city, data, form)
}

// importText is the content of the uploaded file, or the pasted text if there is none.
func importText(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return []byte(r.PostForm.Get("text")), nil
	}
	if err != nil {
		return nil, site.ErrForm
	}
	defer file.Close()
	text, err := io.ReadAll(file) // ParseForm has it in memory
	if len(text) == 0 {
		return []byte(r.PostForm.Get("text")), err
	}
	return bytes.TrimPrefix(bytes.ToValidUTF8(text, []byte("\uFFFD")), []byte("\uFEFF")), err
}

// preview shows the changes of a document, or its mistakes in form.
func (p *Pages) preview(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data previewData, form importForm) error {
	var found settings.Errors
	if _, _, err := p.Settings.Schema().Check(city.Document, []byte(data.Document)); errors.As(err, &found) {
		return p.importWrong(w, r, city, form, found)
	} else if err != nil {
		return site.ErrForm
	}
	changes, err := settings.Diff(city.Document, []byte(data.Document))
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		p.Tell(w, r, "/city/"+city.City+"/history#file", p.Text(r, "import-same"), false)
		return nil
	}
	data.City, data.Tabs, data.Base = site.LinkTo(city), site.TabsOf(r, city, "history"), city.Hash
	data.Changes, data.MaxNote = p.words.Changes(r, changes), settings.MaxNote
	about := site.Page{Title: p.Text(r, "import-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, status, about, "import.html", data)
}

func (p *Pages) importWrong(w http.ResponseWriter, r *http.Request, city settings.Snapshot, form importForm, found settings.Errors) error {
	form.Errors.Add("import", p.Text(r, "import-wrong"))
	for _, sentence := range p.words.Mistakes(r, found) {
		form.Errors.Add("import", sentence)
	}
	return p.showHistory(w, r, http.StatusUnprocessableEntity, city, form)
}

// importApply saves the changes of the preview. If another admin has saved since, it shows a new preview.
func (p *Pages) importApply(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	document, err := readDocument(r.PostForm.Get("document"))
	if err != nil || r.PostForm.Get("base") == "" {
		return site.ErrForm
	}
	var object map[string]any
	if err := json.Unmarshal(document, &object); err != nil {
		return site.ErrForm
	}
	data := previewData{Document: string(document), Note: strings.TrimSpace(r.PostForm.Get("note")), Stale: true}
	form := importForm{Errors: site.FormErrors{}}
	a := submission{Base: chain.Hash(r.PostForm.Get("base")), Note: data.Note, back: "/city/" + city.City + "/history"}
	a.conflict = func(now settings.Snapshot) error { return p.preview(w, r, http.StatusConflict, now, data, form) }
	a.invalid = func(found settings.Errors) error { return p.importWrong(w, r, city, form, found) }
	return p.runSettings(w, r, admin, city.City, "settings replace", map[string]any{"document": object}, a)
}
