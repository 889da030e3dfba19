package city

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// conflictField is a changed field, with the versions of both sides.
type conflictField struct {
	Field, Title string
	ID           string
	Before       wording.Value
	Mine, Theirs *wording.Change // nil if that side did not change the field
	Saved        *change         // the last change by the other side; nil if there is none or it is not in the history yet
	CanBoth      bool
	Merged       string
	Pick         string // the chosen version; empty if the admin has to choose
}

// Choices for a field.
const (
	pickMine, pickTheirs, pickBoth = "mine", "theirs", "both"
)

func (p *Pages) conflictFields(r *http.Request, now settings.Snapshot, m merging, found []settings.Conflict, mine []settings.Change) ([]conflictField, error) {
	theirs, err := settings.Diff(m.From, now.Document)
	if err != nil {
		return nil, err
	}
	saved, err := p.savedSince(r, now, m.Base)
	if err != nil {
		return nil, err
	}
	var all []conflictField
	for i, c := range found {
		one := conflictField{
			Field: c.Field, Title: p.words.Title(r, c.Field), ID: "c-" + strconv.Itoa(i), Before: p.words.Value(r, c.Field, c.Base),
			Mine: p.side(r, mine, c.Field), Theirs: p.side(r, theirs, c.Field), Saved: saved[c.Field],
			CanBoth: canPick(c, pickBoth), Merged: strings.Join(c.Merged, "\n"), Pick: m.Picks[c.Field],
		}
		if !canPick(c, one.Pick) {
			one.Pick = preselected(c)
		}
		all = append(all, one)
	}
	return all, nil
}

// side returns the change of a field, nil if it was not changed.
func (p *Pages) side(r *http.Request, changes []settings.Change, field string) *wording.Change {
	for _, c := range changes {
		if c.Field == field {
			shown := p.words.Change(r, c)
			return &shown
		}
	}
	return nil
}

// savedSince returns, for each field changed since a version, its last change.
func (p *Pages) savedSince(r *http.Request, now settings.Snapshot, base chain.Hash) (map[string]*change, error) {
	all, err := p.Commands.Versions(r.Context(), now)
	if err != nil && !errors.Is(err, chain.ErrBroken) {
		return nil, err
	}
	saved, known := map[string]*change{}, authors{}
	for _, v := range versionsAfter(all, base) {
		one, err := p.change(r, known, v)
		if err != nil {
			return nil, err
		}
		changes, err := settings.Diff(v.Before, v.After)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			saved[c.Field] = &one
		}
	}
	return saved, nil
}

func canPick(c settings.Conflict, pick string) bool {
	return pick == pickMine || pick == pickTheirs || pick == pickBoth && c.Both && c.Lines
}

// preselected is the default choice. There is none if both sides changed a field that is not a list: the admin must decide.
func preselected(c settings.Conflict) string {
	switch {
	case !c.Both && c.Changed.Mine:
		return pickMine
	case !c.Both:
		return pickTheirs
	case c.Lines:
		return pickBoth
	}
	return ""
}
