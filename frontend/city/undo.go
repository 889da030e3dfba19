package city

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"linienfunk/commands"
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
	if err := site.ParseForm(r); err != nil {
		return err
	}
	plan, err := p.Commands.PlanUndo(r.Context(), city, r.PostForm.Get("hash"), chain.Hash(r.PostForm.Get("base")))
	if err != nil || plan.Done || r.PostForm.Get("base") == "" {
		return p.notUndone(w, r, city, plan, err)
	}
	var found settings.Errors
	if _, _, err := p.Settings.Schema().Check(plan.From, plan.To); errors.As(err, &found) {
		return p.undoWrong(w, r, city, plan.Version.Number, found)
	}
	changes, err := settings.Diff(plan.From, plan.To)
	if err != nil {
		return err
	}
	number := plan.Version.Number
	data := undoPreview{
		City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "history"), Hash: plan.Version.Hash, Base: city.Hash, Number: number,
		Changes: p.words.Changes(r, changes), Note: p.Text(r, "undo-note", "Number", number), MaxNote: settings.MaxNote,
	}
	about := site.Page{Title: p.Text(r, "undo-preview", "Number", number), Line: site.LineClass(city.City), Private: true}
	return p.Show(w, r, http.StatusOK, about, "undo_preview.html", data)
}

// undoApply saves the preview.
func (p *Pages) undoApply(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	hash, base := r.PostForm.Get("hash"), chain.Hash(r.PostForm.Get("base"))
	plan, err := p.Commands.PlanUndo(r.Context(), city, hash, base)
	if err != nil || base == "" {
		return p.notUndone(w, r, city, plan, err)
	}
	a := submission{Base: base, Note: strings.TrimSpace(r.PostForm.Get("note")), back: "/city/" + city.City + "/history"}
	a.conflict = func(settings.Snapshot) error { return p.undoMeanwhile(w, r, city) }
	a.invalid = func(found settings.Errors) error { return p.undoWrong(w, r, city, plan.Version.Number, found) }
	return p.runSettings(w, r, admin, city.City, "settings undo", map[string]any{"version": hash}, a)
}

// notUndone answers for a change that is not undone: err says why, or the form is none of ours, or was sent twice.
func (p *Pages) notUndone(w http.ResponseWriter, r *http.Request, city settings.Snapshot, plan commands.Undoing, err error) error {
	back := "/city/" + city.City + "/history"
	refusals := commands.AsRefusals(err)
	switch {
	case err != nil && refusals == nil:
		return err
	case len(refusals) > 0 && refusals[0].Code() == "history":
		http.Redirect(w, r, back, http.StatusSeeOther) // it shows the error, without this button
		return nil
	case r.PostForm.Get("base") == "":
		return site.ErrForm
	case plan.Done:
		p.Tell(w, r, back, p.Text(r, "settings-same"), false)
		return nil
	case refusals[0].Now != nil:
		return p.undoMeanwhile(w, r, city)
	case refusals[0].Code() == "later":
		return p.cannotUndo(w, r, city, plan.Version, refusals)
	}
	return site.ErrForm // the first change, or none
}

func (p *Pages) undoMeanwhile(w http.ResponseWriter, r *http.Request, city settings.Snapshot) error {
	p.Tell(w, r, "/city/"+city.City+"/history", p.Text(r, "undo-meanwhile"), true)
	return nil
}

func (p *Pages) undoWrong(w http.ResponseWriter, r *http.Request, city settings.Snapshot, number int, found settings.Errors) error {
	p.Tell(w, r, "/city/"+city.City+"/history", p.Text(r, "undo-wrong", "Number", number, "Why", p.words.Mistakes(r, found)[0]), true)
	return nil
}

// cannotUndo lists the later changes of the fields that the refusals name.
func (p *Pages) cannotUndo(w http.ResponseWriter, r *http.Request, city settings.Snapshot, undone settings.Version, refusals commands.Refusals) error {
	data := undoData{City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "history"), Zone: city.Zone(), Number: undone.Number}
	var blocked []string
	for _, one := range refusals {
		blocked = append(blocked, one.Field)
		data.Fields = append(data.Fields, p.words.Title(r, one.Field))
	}
	all, err := p.Commands.Versions(r.Context(), city)
	if err != nil {
		return err
	}
	known := authors{}
	for _, v := range versionsAfter(all, undone.Hash) {
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
