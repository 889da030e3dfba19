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

// attempt is a change that an admin wants to make, and what to answer if it does not work out.
type attempt struct {
	Base     chain.Hash
	From, To []byte // documents: of Base, and what it shall become
	Note     string

	back     string                            // the page that follows
	conflict func(now settings.Snapshot) error // somebody else was faster
	wrong    func(found settings.Errors) error // something needs another look
}

// submit hands a change in and answers.
func (p *Pages) submit(w http.ResponseWriter, r *http.Request, admin db.Admin, city string, a attempt) error {
	now, err := p.Settings.Submit(r.Context(), settings.Draft{
		City: city, Base: a.Base, From: a.From, To: a.To, Admin: admin.ID, Note: a.Note,
	})
	var found settings.Errors
	say, failed := "settings-saved", false
	switch {
	case errors.Is(err, settings.ErrConflict):
		return a.conflict(now)
	case errors.As(err, &found):
		return a.wrong(found)
	case errors.Is(err, chain.ErrPatch): // that the patch is too large is all that can be wrong with one of ours
		return a.wrong(settings.Errors{{TextID: "settings-error-large", Err: err}})
	case errors.Is(err, chain.ErrNothing):
		say = "settings-same"
	case errors.Is(err, settings.ErrPending):
		say, failed = "settings-pending", true
	case err != nil:
		return err
	default:
		p.Changed(city)
	}
	p.Flash(w, r, p.Text(r, say), failed)
	http.Redirect(w, r, a.back, http.StatusSeeOther)
	return nil
}

// readDocument reads a document that a form carried through the browser: anybody may have written it. Schema.Check says
// whether it can be used.
func readDocument(text string) ([]byte, error) {
	if len(text) > chain.MaxDocument || !json.Valid([]byte(text)) { // Valid also knows a limit of depth
		return nil, site.ErrForm
	}
	document, err := chain.Canonical([]byte(text))
	if err != nil || document[0] != '{' {
		return nil, site.ErrForm
	}
	return document, nil
}
