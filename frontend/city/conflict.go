package city

import (
	"net/http"
	"time"

	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

type conflictData struct {
	City       site.CityLink
	Tabs       tabs
	Zone       *time.Location
	Base, Head chain.Hash // the version that the change was made against, and the one that it is compared with
	Document   string     // what the admin wants
	Note       string
	MaxNote    int
	Back       string
	Again      bool // somebody saved while the admin decided
	Fields     []conflictField
	Errors     site.FormErrors
}

// merging is a change that meets another one, and how the admin decided so far.
type merging struct {
	attempt
	Picks map[string]string // by field
	Again bool
	Found settings.Errors
	Empty []string // fields for which nothing was picked
}

// maxConflicts is more fields than any form of ours has.
const maxConflicts = 200

// conflict shows what an admin wanted to save beside what somebody else has saved since.
func (p *Pages) conflict(w http.ResponseWriter, r *http.Request, now settings.Snapshot, a attempt) error {
	return p.showConflict(w, r, http.StatusConflict, now, merging{attempt: a})
}

func (p *Pages) showConflict(w http.ResponseWriter, r *http.Request, status int, now settings.Snapshot, m merging) error {
	found, err := settings.Compare(m.From, m.To, now.Document)
	if err != nil || len(found) > maxConflicts {
		return site.ErrForm
	}
	mine, err := settings.Diff(m.From, m.To)
	if err != nil {
		return err
	}
	if len(mine) == 0 || len(found) == 0 { // there is nothing to decide
		p.Flash(w, r, p.Text(r, "settings-same"), false)
		http.Redirect(w, r, m.back, http.StatusSeeOther)
		return nil
	}
	data := conflictData{
		City: site.LinkTo(now), Tabs: tabs{now.City, "settings"}, Zone: now.Zone(), Base: m.Base, Head: now.Hash, Document: string(m.To),
		Note: m.Note, MaxNote: settings.MaxNote, Back: m.back, Again: m.Again, Errors: site.FormErrors{},
	}
	if data.Fields, err = p.conflictFields(r, now, m, found, mine); err != nil {
		return err
	}
	p.blameConflict(r, &data, m)
	about := site.Page{Title: p.Text(r, "conflict-of", "City", now.Title), Line: site.LineOf(now.City), Private: true}
	return p.Show(w, r, status, about, "conflict.html", data)
}

// blameConflict puts what is wrong at its field; what is at none of them, above the form.
func (p *Pages) blameConflict(r *http.Request, data *conflictData, m merging) {
	known := map[string]bool{}
	for _, one := range data.Fields {
		known[one.Field] = true
	}
	for _, field := range m.Empty {
		data.Errors.Add(field, p.Text(r, "conflict-pick"))
	}
	var others settings.Errors
	for _, one := range m.Found {
		if known[one.Field] {
			data.Errors.Add(one.Field, p.words.Mistake(r, one))
		} else {
			others = append(others, one)
		}
	}
	for _, sentence := range p.words.Mistakes(r, others) {
		data.Errors.Add("", sentence)
	}
}
