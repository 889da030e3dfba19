package frontend

import (
	"net/http"
	"time"

	"linienfunk/db"
	"linienfunk/settings"
)

// CityPages are the pages of a city's admins.
type CityPages struct {
	*Site
	bots     *Bots
	words    *Wording
	accounts *AccountPages

	HistoryTime time.Duration // how long a page waits for a change that is in force already; see versions
}

// NewCityPages waits two seconds for the history.
func NewCityPages(s *Site, b *Bots, w *Wording, a *AccountPages) *CityPages {
	return &CityPages{Site: s, bots: b, words: w, accounts: a, HistoryTime: historyTime}
}

// AddTo adds the pages to mux.
func (p *CityPages) AddTo(mux *http.ServeMux) {
	for pattern, action := range map[string]CityAction{
		"GET /city/{city}":                       p.city,
		"POST /city/{city}":                      p.saveCity,
		"POST /city/{city}/try":                  p.try,
		"POST /city/{city}/merge":                p.merge,
		"POST /city/{city}/options/{bot}":        p.saveOptions,
		"GET /city/{city}/ledger":                p.ledger,
		"POST /city/{city}/ledger/{id}/withdraw": p.withdraw,
		"GET /city/{city}/history":               p.history,
		"POST /city/{city}/undo":                 p.undo,
		"GET /city/{city}/settings.json":         p.export,
		"POST /city/{city}/import":               p.importFile,
		"POST /city/{city}/import/apply":         p.importApply,
		"POST /city/{city}/invite":               p.invite,
		// Pages that a form led to, asked for by a link to another language or by hand.
		"GET /city/{city}/try":                  back(""),
		"GET /city/{city}/merge":                back(""),
		"GET /city/{city}/options/{bot}":        back(""),
		"GET /city/{city}/ledger/{id}/withdraw": back("/ledger"),
		"GET /city/{city}/undo":                 back("/history"),
		"GET /city/{city}/import":               back("/history"),
		"GET /city/{city}/import/apply":         back("/history"),
	} {
		mux.HandleFunc(pattern, p.Do(p.CityAdmin(action)))
	}
}

// back leads to the page on which the form is.
func back(page string) CityAction {
	return func(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
		http.Redirect(w, r, "/city/"+city.City+page, http.StatusSeeOther)
		return nil
	}
}
