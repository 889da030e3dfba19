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
	Base, Head chain.Hash // the version that the admin changed, and the present one
	Document   string     // the admin's version
	Note       string
	MaxNote    int
	Back       string
	Again      bool // another admin saved while this one was choosing
	Fields     []conflictField
	Errors     site.FormErrors
}

// merging is a change in conflict with another one, and the admin's choices so far.
type merging struct {
	submission
	Picks map[string]string // choices by field
	Again bool
	Found settings.Errors
	Empty []string // fields without a choice
}

// maxConflicts is more than the number of fields of all forms.
const maxConflicts = 200

// conflict shows the admin's change beside the one that another admin has saved meanwhile.
func (p *Pages) conflict(w http.ResponseWriter, r *http.Request, now settings.Snapshot, a submission) error {
	return p.showConflict(w, r, http.StatusConflict, now, merging{submission: a})
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
	if len(mine) == 0 || len(found) == 0 { // no conflict
		p.Tell(w, r, m.back, p.Text(r, "settings-same"), false)
		return nil
	}
	data := conflictData{
		City: site.LinkTo(now), Tabs: tabs{now.City, "settings"}, Zone: now.Zone(), Base: m.Base, Head: now.Hash, Document: string(m.To),
		Note: m.Note, MaxNote: settings.MaxNote, Back: m.back, Again: m.Again, Errors: site.FormErrors{},
	}
	if data.Fields, err = p.conflictFields(r, now, m, found, mine); err != nil {
		return err
	}
	p.addConflictMistakes(r, &data, m)
	about := site.Page{Title: p.Text(r, "conflict-of", "City", now.Title), Line: site.LineClass(now.City), Private: true}
	return p.Show(w, r, status, about, "conflict.html", data)
}

// addConflictMistakes adds mistakes to their fields; those of other fields, to the top of the form.
func (p *Pages) addConflictMistakes(r *http.Request, data *conflictData, m merging) {
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
