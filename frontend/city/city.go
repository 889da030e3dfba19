// Package city has the pages of a city's admins: settings with their history, conflicts and files, the options of bots, lines and stops,
// the ledger, who runs the city, and all commands. It also sends the mails about accounts that need an admin.
package city

import (
	"cmp"
	"embed"
	"net/http"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
)

// Files are the templates, in the directory pages.
//
//go:embed pages/*.html
var Files embed.FS

// Pages are the pages of a city's admins.
type Pages struct {
	*site.Site
	bots  *botpages.Bots
	words *wording.Wording

	TryTime     time.Duration // time limit for trying lists on reports
	NetworkTime time.Duration // how long a page waits for the city's lines and stops to be loaded
}

// New makes the pages.
func New(s *site.Site, b *botpages.Bots, w *wording.Wording) *Pages {
	return &Pages{Site: s, bots: b, words: w, TryTime: tryTime, NetworkTime: networkTime}
}

// AddTo adds the pages to mux.
func (p *Pages) AddTo(mux *http.ServeMux) {
	mux.HandleFunc("GET /export/{city}/{until}/{seal}", p.Handle(p.exportByLink))
	mux.HandleFunc("GET /mails/{city}/{person}/{seal}", p.Handle(p.stopMailsForm))
	mux.HandleFunc("POST /mails/{city}/{person}/{seal}", p.Handle(p.stopMails))
	for level, routes := range map[commands.Level]map[string]site.CityAction{commands.Moderator: p.forModerators(), commands.Owner: p.forOwners()} {
		for pattern, action := range routes {
			mux.HandleFunc(pattern, p.Handle(p.CityAdmin(level, action)))
		}
	}
}

// exportByLink answers with the file of a city to whoever has an address from "city export".
func (p *Pages) exportByLink(w http.ResponseWriter, r *http.Request) error {
	city := r.PathValue("city")
	if _, ok, err := p.Settings.Get(r.Context(), city); err != nil || !ok || !p.Commands.ExportAllowed(city, r.PathValue("until"), r.PathValue("seal")) {
		return cmp.Or(err, db.ErrNotFound)
	}
	p.Commands.ServeExport(w, r, city, true)
	return nil
}

// exportAll answers with the file of a city to its owner.
func (p *Pages) exportAll(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	p.Commands.ServeExport(w, r, city.City, true)
	return nil
}

// forModerators are the pages of all who run a city. Some show less to moderators: settings without the networks, and commands up to their level.
func (p *Pages) forModerators() map[string]site.CityAction {
	return map[string]site.CityAction{
		"GET /city/{city}":                        p.city,
		"GET /city/{city}/ledger":                 p.ledger,
		"POST /city/{city}/ledger/{id}/{command}": p.onReport,
		"GET /city/{city}/commands":               p.showCommands,
		"POST /city/{city}/commands/{command}":    p.runCommand,
		"GET /city/{city}/history":                p.history,
		"GET /city/{city}/settings.json":          p.export,
		"GET /city/{city}/people":                 p.people,
		"POST /city/{city}/people/{command}":      p.changePeople,
		// These addresses only take forms. A link to another language, or typing them, makes a GET.
		"GET /city/{city}/ledger/{id}/{command}": redirectTo("/ledger"),
		"GET /city/{city}/commands/{command}":    redirectTo("/commands"),
		"GET /city/{city}/people/{command}":      redirectTo("/people"),
	}
}

// forOwners are the pages that change a city.
func (p *Pages) forOwners() map[string]site.CityAction {
	return map[string]site.CityAction{
		"POST /city/{city}":                  p.saveCity,
		"POST /city/{city}/try":              p.try,
		"POST /city/{city}/merge":            p.merge,
		"POST /city/{city}/options/{bot}":    p.saveOptions,
		"POST /city/{city}/undo":             p.undo,
		"POST /city/{city}/undo/apply":       p.undoApply,
		"POST /city/{city}/import":           p.importFile,
		"POST /city/{city}/import/apply":     p.importApply,
		"POST /city/{city}/ledger/{id}/word": p.addWord,
		"GET /city/{city}/end":               p.showEnd,
		"GET /city/{city}/log":               p.log,
		"GET /city/{city}/log.csv":           p.logFile,
		"GET /city/{city}/export.zip":        p.exportAll,
		"POST /city/{city}/arrive":           p.arrive,
		"POST /city/{city}/end/{command}":    p.end,
		"GET /city/{city}/network":           p.network,
		"POST /city/{city}/network/feed":     p.uploadFeed,
		"POST /city/{city}/network/cancel":   p.cancelFeed,
		"POST /city/{city}/network/choose":   p.chooseFeed,
		"POST /city/{city}/network/save":     p.saveChoice,
		"POST /city/{city}/network/lists":    p.saveLists,
		"POST /city/{city}/network/names":    p.saveNames,
		"POST /city/{city}/network/try":      p.tryNames,
		"POST /city/{city}/network/remove":   p.removeNetwork,
		"POST /city/{city}/network/unfollow": p.unfollow,
		// As above.
		"GET /city/{city}/try":            redirectTo(""),
		"GET /city/{city}/merge":          redirectTo(""),
		"GET /city/{city}/options/{bot}":  redirectTo(""),
		"GET /city/{city}/undo":           redirectTo("/history"),
		"GET /city/{city}/undo/apply":     redirectTo("/history"),
		"GET /city/{city}/import":         redirectTo("/history"),
		"GET /city/{city}/import/apply":   redirectTo("/history"),
		"GET /city/{city}/network/{form}": redirectTo("/network"),
		"GET /city/{city}/end/{command}":  redirectTo("/end"),
		"GET /city/{city}/arrive":         redirectTo("/end"),
	}
}

// redirectTo redirects to the page with the form.
func redirectTo(page string) site.CityAction {
	return func(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
		http.Redirect(w, r, "/city/"+city.City+page, http.StatusSeeOther)
		return nil
	}
}
