package city

import (
	"encoding/json"
	"errors"
	"net/http"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// submission is a change that an admin submits, with the answers for when it fails.
type submission struct {
	Base     chain.Hash
	From, To []byte // the documents before and after the change
	Note     string

	back     string                            // the address after success
	conflict func(now settings.Snapshot) error // answers if another admin has saved first
	invalid  func(found settings.Errors) error // answers if the settings are invalid
}

// submit submits a change and answers.
func (p *Pages) submit(w http.ResponseWriter, r *http.Request, admin db.Admin, city string, a submission) error {
	now, err := p.Settings.Submit(r.Context(), settings.Draft{
		City: city, Base: a.Base, From: a.From, To: a.To, Admin: admin.ID, Note: a.Note,
	})
	var found settings.Errors
	say, failed := "settings-saved", false
	switch {
	case errors.Is(err, settings.ErrConflict):
		return a.conflict(now)
	case errors.As(err, &found):
		return a.invalid(found)
	case errors.Is(err, chain.ErrPatch): // a patch of ours can only be too large
		return a.invalid(settings.Errors{{TextID: "settings-error-large", Err: err}})
	case errors.Is(err, chain.ErrNothing):
		say = "settings-same"
	case errors.Is(err, settings.ErrPending):
		say, failed = "settings-pending", true
	case err != nil:
		return err
	default:
		p.Changed(city)
	}
	p.Tell(w, r, a.back, p.Text(r, say), failed)
	return nil
}

// readDocument reads a document from a form, where a browser may have changed it. It checks that it is a JSON object, not that
// it is valid: Schema.Check does.
func readDocument(text string) ([]byte, error) {
	if len(text) > chain.MaxDocument || !json.Valid([]byte(text)) { // Valid also limits the depth
		return nil, site.ErrForm
	}
	document, err := chain.Canonical([]byte(text))
	if err != nil || document[0] != '{' {
		return nil, site.ErrForm
	}
	return document, nil
}
