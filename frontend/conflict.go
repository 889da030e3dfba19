package frontend

import (
	"net/http"
	"time"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

type conflictData struct {
	City       cityLink
	Tabs       tabs
	Zone       *time.Location
	Base, Head chain.Hash // the version that the change was made against, and the one that it is compared with
	Document   string     // what the admin wants
	Note       string
	MaxNote    int
	Back       string
	Again      bool // somebody saved while the admin decided
	Fields     []conflictField
	Errors     formErrors
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
func (f *Frontend) conflict(w http.ResponseWriter, r *http.Request, now settings.Snapshot, a attempt) error {
	return f.showConflict(w, r, http.StatusConflict, now, merging{attempt: a})
}

func (f *Frontend) showConflict(w http.ResponseWriter, r *http.Request, status int, now settings.Snapshot, m merging) error {
	found, err := settings.Compare(m.From, m.To, now.Document)
	if err != nil || len(found) > maxConflicts {
		return errForm
	}
	mine, err := settings.Diff(m.From, m.To)
	if err != nil {
		return err
	}
	if len(mine) == 0 || len(found) == 0 { // there is nothing to decide
		f.flash(w, r, f.t(r, "settings-same"), false)
		http.Redirect(w, r, m.back, http.StatusSeeOther)
		return nil
	}
	data := conflictData{
		City: linkTo(now), Tabs: tabs{now.City, "settings"}, Zone: now.Zone(), Base: m.Base, Head: now.Hash, Document: string(m.To),
		Note: m.Note, MaxNote: settings.MaxNote, Back: m.back, Again: m.Again, Errors: formErrors{},
	}
	if data.Fields, err = f.conflictFields(r, now, m, found, mine); err != nil {
		return err
	}
	f.blameConflict(r, &data, m)
	p := page{Title: f.t(r, "conflict-of", "City", now.Title), Line: lineOf(now.City), Private: true}
	return f.show(w, r, status, p, "conflict.html", data)
}

// blameConflict puts what is wrong at its field; what is at none of them, above the form.
func (f *Frontend) blameConflict(r *http.Request, data *conflictData, m merging) {
	known := map[string]bool{}
	for _, one := range data.Fields {
		known[one.Field] = true
	}
	for _, field := range m.Empty {
		data.Errors.add(field, f.t(r, "conflict-pick"))
	}
	var others settings.Errors
	for _, one := range m.Found {
		if known[one.Field] {
			data.Errors.add(one.Field, f.sentence(r, one))
		} else {
			others = append(others, one)
		}
	}
	for _, sentence := range f.sentences(r, others) {
		data.Errors.add("", sentence)
	}
}
