package city

import (
	"net/http"
	"reflect"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// pickField is the prefix of the names of the inputs with the admin's choices.
const pickField = "pick."

// merge saves the admin's choices on the conflict page. If there is another change meanwhile, it shows the page again.
func (p *Pages) merge(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	m, err := p.readMerging(r, city)
	if err != nil {
		return err
	}
	a := submission{Base: chain.Hash(r.PostForm.Get("head")), Note: m.Note, back: m.back}
	var older bool
	if a.From, older, err = p.document(r.Context(), city, a.Base); err != nil {
		return err
	}
	if older {
		return p.refreshConflict(w, r, city, a.From, m)
	}
	found, err := settings.Compare(m.From, m.To, a.From)
	if err != nil || len(found) > maxConflicts {
		return site.ErrForm
	}
	changes, empty := resolve(found, m.Picks)
	if m.Empty = empty; len(empty) > 0 {
		return p.showConflict(w, r, http.StatusUnprocessableEntity, city, m)
	}
	if a.To, err = settings.With(a.From, changes); err != nil {
		return err
	}
	a.conflict = func(now settings.Snapshot) error { return p.refreshConflict(w, r, now, a.From, m) }
	a.invalid = func(found settings.Errors) error {
		m.Found = found
		return p.showConflict(w, r, http.StatusUnprocessableEntity, city, m)
	}
	return p.submit(w, r, admin, city.City, a)
}

// readMerging reads the form of the conflict page.
func (p *Pages) readMerging(r *http.Request, city settings.Snapshot) (m merging, err error) {
	m = merging{Picks: map[string]string{}}
	m.Base, m.Note, m.back = chain.Hash(r.PostForm.Get("base")), r.PostForm.Get("note"), "/city/"+city.City
	if m.To, err = readDocument(r.PostForm.Get("document")); err != nil {
		return m, err
	}
	for name, values := range r.PostForm {
		if field, ok := strings.CutPrefix(name, pickField); ok {
			m.Picks[field] = values[0]
		}
	}
	m.From, _, err = p.document(r.Context(), city, m.Base)
	return m, err
}

// refreshConflict shows the conflict with the newest version. It keeps the choices of fields that have not changed since.
func (p *Pages) refreshConflict(w http.ResponseWriter, r *http.Request, now settings.Snapshot, seen []byte, m merging) error {
	was, err := settings.Fields(seen)
	if err != nil {
		return err
	}
	is, err := settings.Fields(now.Document)
	if err != nil {
		return err
	}
	for field := range m.Picks {
		if !reflect.DeepEqual(was[field], is[field]) {
			delete(m.Picks, field)
		}
	}
	m.Again = true
	return p.showConflict(w, r, http.StatusConflict, now, m)
}

// resolve returns what has to change in the present version, and the fields without a choice.
func resolve(found []settings.Conflict, picks map[string]string) (changes map[string]any, empty []string) {
	changes = map[string]any{}
	for _, c := range found {
		switch pick := picks[c.Field]; {
		case !canPick(c, pick):
			empty = append(empty, c.Field)
		case pick == pickMine:
			changes[c.Field] = c.Mine
		case pick == pickBoth:
			changes[c.Field] = append([]string{}, c.Merged...) // nil would remove the field
		}
	}
	return changes, empty
}
