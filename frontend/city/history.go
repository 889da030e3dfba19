package city

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// historyPage is the number of changes on a page.
const historyPage = 20

type historyData struct {
	City    site.CityLink
	Tabs    site.Tabs
	Zone    *time.Location
	Base    chain.Hash // the present version
	Broken  string     // the error in the chain, or empty
	Entries []historyEntry
	First   bool
	Older   int // number of the page's last change, 0 if there are no older ones
	Import  importForm
	Message *site.Message // if it belongs into the section with the file
}

// historyEntry is a change in the history.
type historyEntry struct {
	change
	Note    string
	Hash    chain.Hash
	Short   string // of the hash
	CanUndo bool
	Changes []wording.Change
}

// history shows all changes of a city's settings, newest first.
func (p *Pages) history(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.showHistory(w, r, http.StatusOK, city, importForm{Errors: site.FormErrors{}})
}

func (p *Pages) showHistory(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, file importForm) error {
	before := numberOf(r.URL.Query().Get("before")) // 0, the first page, if it is not a number
	all, err := p.Commands.Versions(r.Context(), city)
	data := historyData{
		City: site.LinkTo(city), Tabs: site.TabsOf(r, city, "history"), Zone: city.Zone(), Base: city.Hash, First: before == 0, Import: file,
	}
	if errors.Is(err, chain.ErrBroken) {
		data.Broken = err.Error()
	} else if err != nil {
		return err
	}
	if before > 0 {
		all = all[:min(len(all), before-1)]
	}
	if rest := len(all) - historyPage; rest > 0 {
		all = all[rest:]
		data.Older = all[0].Number
	}
	known := authors{}
	for _, v := range slices.Backward(all) {
		one, err := p.historyEntry(r, known, v)
		if err != nil {
			return err
		}
		one.CanUndo = v.Number > 1 && data.Broken == ""
		data.Entries = append(data.Entries, one)
	}
	about := site.Page{Title: p.Text(r, "history-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	data.Message = p.PlaceMessage(w, r, &about, "file")
	return p.Show(w, r, status, about, "history.html", data)
}

func (p *Pages) historyEntry(r *http.Request, known authors, v settings.Version) (one historyEntry, err error) {
	if one.change, err = p.change(r, known, v); err != nil {
		return one, err
	}
	changes, err := settings.Diff(v.Before, v.After)
	if err != nil {
		return one, err
	}
	one.Note, one.Hash, one.Short, one.Changes = v.Note, v.Hash, short(v.Hash), p.words.Changes(r, changes)
	return one, nil
}

// short is the beginning of a hash, enough for people to compare.
func short(hash chain.Hash) string { return string(hash[:min(len(hash), 10)]) }
