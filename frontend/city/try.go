package city

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linienfunk/censor"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/templates"
)

// What the lists are tried on.
const (
	tryPeriod  = 24 * time.Hour
	tryMax     = 1000            // reports, the newest
	tryOffered = 200             // to choose from
	tryShown   = 50              // with another verdict
	tryTime    = 5 * time.Second // then it has to do with what was judged so far
)

// tryForm is what the lists shall be tried on.
type tryForm struct {
	Text   string
	Report uint // id of an entry of the ledger; 0 for none
}

func readTryForm(r *http.Request) tryForm {
	id, _ := strconv.ParseUint(r.PostForm.Get("try_report"), 10, 32) // nonsense is none
	return tryForm{site.LineEnds(r.PostForm.Get("try_text")), uint(id)}
}

// tryReport is a report to choose from.
type tryReport struct {
	ID   uint
	At   time.Time
	Text string
	Here bool
}

// tryReports lists reports of the last day; chosen is the one that was chosen.
func (p *Pages) tryReports(r *http.Request, city settings.Snapshot, chosen uint) ([]tryReport, error) {
	entries, err := p.DB.EntriesSince(r.Context(), city.City, p.Now().Add(-tryPeriod), tryOffered)
	var all []tryReport
	for _, e := range entries {
		at := e.CreatedAt.Local()
		if zone := city.Zone(); zone != nil {
			at = e.CreatedAt.In(zone)
		}
		text := report.Cut(strings.Join(strings.Fields(e.Text), " "), 80)
		all = append(all, tryReport{ID: e.ID, At: at, Text: text, Here: e.ID == chosen})
	}
	return all, err
}

// try shows what the lists in the form would do, and saves nothing. Everything that was typed stays in the form. Its button
// is the form's first, so it is also what the Enter key does: that never saves by mistake.
func (p *Pages) try(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := cityData{Form: readCityForm(r), Tried: &tried{}}
	filter, err := p.compile(data.Form)
	var found settings.Errors
	if errors.As(err, &found) {
		p.blame(r, &data.Form, found)
		return p.showCity(w, r, http.StatusUnprocessableEntity, admin, city, data)
	}
	if err != nil {
		return err
	}
	entries, err := p.DB.EntriesSince(r.Context(), city.City, p.Now().Add(-tryPeriod), tryMax)
	if err != nil {
		return err
	}
	data.Tried = newTried(filter, data.Form.Try, entries, p.Now)
	return p.showCity(w, r, http.StatusOK, admin, city, data)
}

// compile compiles the form's lists, whatever is in its other fields.
func (p *Pages) compile(form cityForm) (*censor.Filter, error) {
	lists := settings.Default("lists", templates.Languages[0])
	lists.Triggers, lists.Blocked = splitLines(form.Triggers), splitLines(form.Blocked)
	document, err := lists.Document()
	if err != nil {
		return nil, err
	}
	_, filter, err := p.Settings.Schema().Check([]byte("{}"), document)
	return filter, err
}
