package city

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// undoData explains why a change cannot be undone.
type undoData struct {
	City   site.CityLink
	Tabs   site.Tabs
	Zone   *time.Location
	Number int
	Fields []string // titles of the fields that later changes changed
	Later  []change // the later changes of these fields
}

// undoPreview is what undoing a change would change.
type undoPreview struct {
	City       site.CityLink
	Tabs       site.Tabs
	Hash, Base chain.Hash // the change to undo, and the present version
	Number     int
	Changes    []wording.Change
	Note       string
	MaxNote    int
}

// undo shows what undoing a change would change. It saves nothing.
func (p *Pages) undo(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.undoing(w, r, city, func(a submission, v settings.Version) error {
		var found settings.Errors
		if _, _, err := p.Settings.Schema().Check(a.From, a.To); errors.As(err, &found) {
			return a.invalid(found)
		}
		changes, err := settings.Diff(a.From, a.To)
		if err != nil {
			return err
		}
		data := undoPreview{
			City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "history"), Hash: v.Hash, Base: a.Base, Number: v.Number,
			Changes: p.words.Changes(r, changes), Note: p.Text(r, "undo-note", "Number", v.Number), MaxNote: settings.MaxNote,
		}
		about := site.Page{Title: p.Text(r, "undo-preview", "Number", v.Number), Line: site.LineClass(city.City), Private: true}
		return p.Show(w, r, http.StatusOK, about, "undo_preview.html", data)
	})
}

// undoApply saves the preview.
func (p *Pages) undoApply(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	return p.undoing(w, r, city, func(a submission, v settings.Version) error {
		a.Note = strings.TrimSpace(r.PostForm.Get("note"))
		return p.submit(w, r, admin, city.City, a)
	})
}

// undoing calls then with the submission that reverts the form's change and keeps later ones. The first change cannot be undone: it
// created the city.
func (p *Pages) undoing(w http.ResponseWriter, r *http.Request, city settings.Snapshot, then func(a submission, v settings.Version) error) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	back := "/city/" + city.City + "/history"
	meanwhile := func(settings.Snapshot) error {
		p.Tell(w, r, back, p.Text(r, "undo-meanwhile"), true)
		return nil
	}
	all, err := p.versions(r.Context(), city)
	if errors.Is(err, chain.ErrBroken) {
		http.Redirect(w, r, back, http.StatusSeeOther) // it shows the error, without this button
		return nil
	}
	if err != nil {
		return err
	}
	i := indexOf(all, chain.Hash(r.PostForm.Get("hash")))
	if i <= 0 || r.PostForm.Get("base") == "" {
		return site.ErrForm
	}
	if base := chain.Hash(r.PostForm.Get("base")); base != city.Hash {
		if isUndone(all, i, base) { // the form was sent twice
			p.Tell(w, r, back, p.Text(r, "settings-same"), false)
			return nil
		}
		return meanwhile(city)
	}
	document, blocked, err := settings.Undo(all[i].Before, all[i].After, city.Document)
	if err != nil {
		return err
	}
	if len(blocked) > 0 {
		return p.cannotUndo(w, r, city, all[i:], blocked)
	}
	a := submission{Base: city.Hash, From: city.Document, To: document, back: back, conflict: meanwhile}
	a.invalid = func(found settings.Errors) error {
		p.Tell(w, r, back, p.Text(r, "undo-wrong", "Number", all[i].Number, "Why", p.words.Mistakes(r, found)[0]), true)
		return nil
	}
	return then(a, all[i])
}

// isUndone reports whether the present version, the last, was made from base by undoing all[i].
func isUndone(all []settings.Version, i int, base chain.Hash) bool {
	last := len(all) - 1
	if last < 1 || all[last-1].Hash != base {
		return false
	}
	document, blocked, err := settings.Undo(all[i].Before, all[i].After, all[last-1].After)
	return err == nil && len(blocked) == 0 && bytes.Equal(document, all[last].After)
}

// cannotUndo lists the later changes of the blocked fields. all begins with the change to undo.
func (p *Pages) cannotUndo(w http.ResponseWriter, r *http.Request, city settings.Snapshot, all []settings.Version, blocked []string) error {
	data := undoData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "history"), Zone: city.Zone(), Number: all[0].Number}
	for _, field := range blocked {
		data.Fields = append(data.Fields, p.words.Title(r, field))
	}
	known := authors{}
	for _, v := range all[1:] {
		changes, err := settings.Diff(v.Before, v.After)
		if err != nil {
			return err
		}
		one, err := p.change(r, known, v)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if slices.Contains(blocked, c.Field) {
				one.Titles = append(one.Titles, p.words.Title(r, c.Field))
			}
		}
		if len(one.Titles) > 0 {
			data.Later = append(data.Later, one)
		}
	}
	about := site.Page{Title: p.Text(r, "undo-of", "City", city.Title, "Number", data.Number), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusConflict, about, "undo.html", data)
}
