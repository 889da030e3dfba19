package city

import (
	"context"
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
	"linienfunk/transit/read"
)

// Limits for trying lists.
const (
	tryPeriod  = 24 * time.Hour     // of the reports to choose from
	tryMeasure = 7 * 24 * time.Hour // of those that are evaluated, as far as their texts are kept
	tryMax     = 1000               // newest reports that are evaluated
	tryOffered = 200                // newest reports to choose from
	tryShown   = 50                 // listed reports whose verdict changes
	tryTime    = 5 * time.Second    // for the evaluation
)

// tryForm has the text or report that the lists are tried on.
type tryForm struct {
	Text   string
	Report uint // id of an entry in the ledger, 0 for none
}

func readTryForm(r *http.Request) tryForm {
	id, _ := strconv.ParseUint(r.PostForm.Get("try_report"), 10, 32) // 0 if it is not a number
	return tryForm{site.LineEnds(r.PostForm.Get("try_text")), uint(id)}
}

// tryReport is a report that can be chosen.
type tryReport struct {
	ID   uint
	At   time.Time
	Text string
	Here bool
}

// tryReports returns the reports of the last day; chosen is the id of the one that was chosen.
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

// try shows the effect of the lists in the form. It saves nothing, and keeps the input in the form. Its button is the
// first in the form, so the Enter key tries and does not save.
func (p *Pages) try(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	data := cityData{Form: readCityForm(r), Tried: &tried{}}
	filter, err := p.compile(data.Form)
	var found settings.Errors
	if errors.As(err, &found) {
		p.addMistakes(r, &data.Form, found)
		return p.showCity(w, r, http.StatusUnprocessableEntity, admin, city, data)
	}
	if err != nil {
		return err
	}
	entries, err := p.DB.EntriesSince(r.Context(), city.City, p.Now().Add(-tryMeasure), tryMax)
	if err != nil {
		return err
	}
	reader, err := p.tryReader(r, city)
	if err != nil {
		return err
	}
	data.Tried = evaluate(censor.Rules{Filter: filter, Reader: reader}, data.Form.Try, entries, p.Now, p.TryTime)
	return p.showCity(w, r, http.StatusOK, admin, city, data)
}

// tryReader returns the reader with which the city's reports are judged.
func (p *Pages) tryReader(r *http.Request, city settings.Snapshot) (*read.Reader, error) {
	source, has := city.Reader()
	if !has {
		return read.New(nil, read.Options{Languages: source.Languages})
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.NetworkTime)
	defer cancel()
	return p.Readers.Get(ctx, source)
}

// compile compiles the form's lists and ignores the other fields.
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
