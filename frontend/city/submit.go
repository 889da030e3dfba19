package city

import (
	"encoding/json"
	"net/http"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// submission is a change that an admin submits, with the answers for when it is refused.
type submission struct {
	Base     chain.Hash
	From, To []byte // the documents before and after the change
	Note     string

	back     string                            // the address after success
	conflict func(now settings.Snapshot) error // answers if another admin has saved first; nil for both versions side by side
	invalid  func(found settings.Errors) error // answers if the settings are invalid
	refused  func(commands.Refusals) error     // answers in the place of invalid if a value is wrong; may be nil
}

// submit submits the fields in which the documents of a change differ, and answers.
func (p *Pages) submit(w http.ResponseWriter, r *http.Request, admin db.Admin, city string, a submission) error {
	changes, err := commands.MergePatch(a.From, a.To)
	if err != nil {
		return err
	}
	return p.runSettings(w, r, admin, city, "settings change", map[string]any{"changes": changes}, a)
}

// runSettings runs a command that changes the settings of the version a.Base, with a.Note, and answers.
func (p *Pages) runSettings(w http.ResponseWriter, r *http.Request, admin db.Admin, city, name string, args map[string]any, a submission) error {
	args["base"], args["note"] = string(a.Base), settings.CleanNote(a.Note)
	result, err := p.Commands.Run(r.Context(), commands.Call{City: city, Name: name, Args: args, Actor: p.actorOf(r, admin)})
	refusals := commands.AsRefusals(err)
	switch {
	case len(refusals) > 0 && refusals[0].Now != nil && a.conflict == nil:
		if a.From, a.To = refusals[0].Seen, refusals[0].Wanted; a.From == nil {
			return site.ErrForm // of no version
		}
		return p.conflict(w, r, admin, *refusals[0].Now, a)
	case len(refusals) > 0 && refusals[0].Now != nil:
		return a.conflict(*refusals[0].Now)
	case len(refusals) > 0 && a.refused != nil && (refusals[0].Reason == commands.Invalid || refusals[0].Reason == commands.NotFound):
		return a.refused(refusals)
	case len(refusals) > 0 && refusals[0].Setting != nil:
		return a.invalid(refusals.Settings())
	case len(refusals) > 0 && refusals[0].Code() == "pending":
		p.Tell(w, r, a.back, p.Text(r, "settings-pending"), true)
		return nil
	case len(refusals) > 0:
		p.Tell(w, r, a.back, p.Commands.Say(p.Lang(r), refusals[0]), true)
		return nil
	case err != nil:
		return err
	}
	say := "settings-saved"
	if change, ok := result.(commands.SettingsChange); ok && !change.Changed {
		say = "settings-same"
	}
	p.Tell(w, r, a.back, p.Text(r, say), false)
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
