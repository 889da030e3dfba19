package city

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

type conflictData struct {
	City       site.CityLink
	Tabs       site.Tabs
	Zone       *time.Location
	Base, Head chain.Hash // the version that the admin changed, and the present one
	Document   string     // the admin's version
	Note       string
	MaxNote    int
	Back       string
	Own        bool // the admin has saved meanwhile, in another tab, and nobody else has
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

// conflict shows the admin's change beside what was saved meanwhile. If the admin has saved that as well, as in another tab, and other
// fields, there is nothing to choose: it saves the change on top.
func (p *Pages) conflict(w http.ResponseWriter, r *http.Request, admin db.Admin, now settings.Snapshot, a submission) error {
	show := func(now settings.Snapshot) error {
		return p.showConflict(w, r, http.StatusConflict, now, merging{submission: a})
	}
	own, err := p.savedOnlyBy(r.Context(), admin.ID, now, a.Base)
	if err != nil {
		return err
	}
	found, err := settings.Compare(a.From, a.To, now.Document)
	if err != nil || !own || slices.ContainsFunc(found, func(c settings.Conflict) bool { return c.Both }) {
		return show(now)
	}
	picks := map[string]string{}
	for _, c := range found {
		picks[c.Field] = preselected(c)
	}
	changes, _ := resolve(found, picks)
	onTop := a
	onTop.Base, onTop.From, onTop.conflict = now.Hash, now.Document, show
	if onTop.To, err = settings.With(now.Document, changes); err != nil {
		return err
	}
	return p.submit(w, r, admin, now.City, onTop)
}

// savedOnlyBy reports whether all versions after base are by one admin.
func (p *Pages) savedOnlyBy(ctx context.Context, admin uint, now settings.Snapshot, base chain.Hash) (bool, error) {
	all, err := p.Commands.Versions(ctx, now)
	if err != nil && !errors.Is(err, chain.ErrBroken) {
		return false, err
	}
	later := versionsAfter(all, base)
	return len(later) > 0 && later[len(later)-1].Hash == now.Hash &&
		!slices.ContainsFunc(later, func(v settings.Version) bool { return v.Admin != admin }), nil
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
		City: site.LinkTo(now), Tabs: site.TabsOf(r, now, "settings"), Zone: now.Zone(), Base: m.Base, Head: now.Hash, Document: string(m.To),
		Note: m.Note, MaxNote: settings.MaxNote, Back: m.back, Again: m.Again, Errors: site.FormErrors{},
	}
	if data.Fields, err = p.conflictFields(r, now, m, found, mine); err != nil {
		return err
	}
	if admin := site.Admin(r); admin != nil {
		if data.Own, err = p.savedOnlyBy(r.Context(), admin.ID, now, m.Base); err != nil {
			return err
		}
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
