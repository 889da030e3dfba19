package commands

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// CitySettings is the result of "settings show".
type CitySettings struct {
	City     string         `json:"city"`
	Hash     string         `json:"hash" doc:"Of this version, as in the history."`
	Settings map[string]any `json:"settings" doc:"The document: see docs/settings-protocol.md."`
}

// SettingsChange is the result of what changes the settings.
type SettingsChange struct {
	CitySettings
	Changed bool `json:"changed" doc:"False if the settings were like that already."`
}

// nothing implements quiet.
func (s SettingsChange) nothing() bool { return !s.Changed }

func documentOf(city settings.Snapshot) (CitySettings, error) {
	result := CitySettings{City: city.City, Hash: string(city.Hash)}
	return result, json.Unmarshal(city.Document, &result.Settings)
}

func changeOf(city settings.Snapshot, changed bool) (any, error) {
	result, err := documentOf(city)
	return SettingsChange{result, changed}, err
}

func showSettings(ctx context.Context, c *Commands, call Call) (any, error) {
	city, _, err := c.Settings.Get(ctx, call.City)
	if err != nil {
		return nil, err
	}
	return documentOf(city)
}

// changeSettings merges changes into the document. With base it does so only if that is the present version.
func changeSettings(ctx context.Context, c *Commands, call Call) (any, error) {
	changes, _ := call.Args["changes"].(map[string]any)
	now, changed, err := c.submit(ctx, call, edit{base: chain.Hash(call.Text("base")), param: "changes", to: func(from []byte, _ settings.Settings) ([]byte, error) { return merged(from, changes) }})
	if err != nil {
		return nil, err
	}
	return changeOf(now, changed)
}

// replaceSettings replaces the document, by one of its own or in a file that was downloaded. With base it does so only if that is the present version.
func replaceSettings(ctx context.Context, c *Commands, call Call) (any, error) {
	object, _ := call.Args["document"].(map[string]any)
	document, err := documentIn(object)
	if err != nil {
		return nil, err
	}
	now, changed, err := c.submit(ctx, call, edit{base: chain.Hash(call.Text("base")), param: "document", to: func([]byte, settings.Settings) ([]byte, error) { return document, nil }})
	if err != nil {
		return nil, err
	}
	return changeOf(now, changed)
}

// documentIn returns the document that an object is, or that it has if it is a settings.Export.
func documentIn(object map[string]any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	document, err := settings.ReadExport(text)
	if err != nil {
		if object["format"] != nil {
			return nil, wrong("document", "refused-format")
		}
		if document, err = chain.Canonical(text); err != nil {
			return nil, err
		}
	}
	if len(document) > chain.MaxDocument {
		return nil, tooLarge(chain.ErrPatch)
	}
	return document, nil
}

// tries is how often a change is made anew because somebody else has saved meanwhile.
const tries = 5

// edit is a change of a city's settings.
type edit struct {
	base  chain.Hash // the version that was seen, and must be the present one; empty for a change that is made whatever others save at the same time
	param string     // that is wrong if the document is

	// to returns the new document. from is the one that it is made from, and now what this node knows of the settings in force: the same, if there is no base.
	to func(from []byte, now settings.Settings) ([]byte, error)
}

// submit saves a change in the name of the actor, and returns the settings that are in force then. changed is false if they were like that before. The note in the history is that of the
// call or, if it has none, the name of the command. Errors are refusals if nothing was saved; the first one has Now if somebody else was faster, and each has Setting if a value is wrong.
func (c *Commands) submit(ctx context.Context, call Call, e edit) (now settings.Snapshot, changed bool, err error) {
	for try := 1; ; try++ {
		city, ok, err := c.Settings.Get(ctx, call.City)
		if err != nil || !ok {
			return city, false, errors.Join(err, refuseUnless(ok, call.City))
		}
		draft := settings.Draft{City: city.City, Base: city.Hash, From: city.Document, Admin: call.Actor.Admin, Note: "/" + call.Name}
		if call.Has("note") {
			draft.Note = call.Text("note")
		}
		if e.base != "" {
			document, older, err := c.Document(ctx, city, e.base)
			switch {
			case errors.Is(err, ErrNoVersion):
				return city, false, outdated(city)
			case older:
				refusal := outdated(city)
				refusal.Seen = document
				refusal.Wanted, err = e.to(document, city.Settings)
				return city, false, errors.Join(refusal, err)
			case err != nil:
				return city, false, err
			}
			draft.Base, draft.From = e.base, document
		}
		if draft.To, err = e.to(draft.From, city.Settings); err != nil {
			return city, false, err
		}
		if !city.Active {
			if err := c.refuseEnding(ctx, city.City, draft.To); err != nil {
				return city, false, err
			}
		}
		now, err := c.Settings.Submit(ctx, draft)
		var found settings.Errors
		switch {
		case err == nil:
			c.Changed(city.City)
			return now, true, nil
		case errors.Is(err, chain.ErrNothing):
			return city, false, nil
		case errors.As(err, &found):
			return city, false, refusedFields(e.param, found)
		case errors.Is(err, chain.ErrPatch): // a patch of ours can only be too large
			return city, false, tooLarge(err)
		case errors.Is(err, settings.ErrPending):
			return city, false, refuse(Unavailable, "refused-pending")
		case !errors.Is(err, settings.ErrConflict):
			return city, false, err
		case e.base != "":
			refusal := outdated(now)
			refusal.Seen, refusal.Wanted = draft.From, draft.To
			return now, false, refusal
		case try == tries:
			return city, false, refuse(Conflict, "refused-busy")
		}
	}
}

// outdated refuses a change of a version that is not the present one, which is now.
func outdated(now settings.Snapshot) *Refusal {
	r := refuse(Outdated, "refused-outdated", "Hash", string(now.Hash))
	r.Now = &now
	return r
}

func isOutdated(err error) bool {
	refusals := AsRefusals(err)
	return len(refusals) > 0 && refusals[0].Now != nil
}

func tooLarge(err error) *Refusal {
	r := refuse(Invalid, "refused-large")
	r.Setting = &settings.FieldError{TextID: "settings-error-large", Err: err}
	return r
}

// refusedFields are the fields of a document that are wrong.
func refusedFields(param string, found settings.Errors) (all Refusals) {
	for _, one := range found {
		refusal := wrong(param, "refused-setting", "Why", one.Error())
		refusal.Field, refusal.Setting = one.Field, &one
		all = append(all, refusal)
	}
	return all
}

// merged is a document with a JSON merge patch (RFC 7396) applied.
func merged(document []byte, changes map[string]any) ([]byte, error) {
	var values map[string]any
	if err := json.Unmarshal(document, &values); err != nil {
		return nil, err
	}
	mergeInto(values, changes)
	text, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	return chain.Canonical(text)
}

func mergeInto(values, changes map[string]any) {
	for name, change := range changes {
		inner, isObject := change.(map[string]any)
		switch {
		case change == nil:
			delete(values, name)
		case isObject:
			into, ok := values[name].(map[string]any)
			if !ok {
				into = map[string]any{}
				values[name] = into
			}
			mergeInto(into, inner)
		default:
			values[name] = change
		}
	}
}

// MergePatch returns the JSON merge patch that turns one document into another, for "settings change". Neither may have null in it: a merge patch removes what is null.
func MergePatch(from, to []byte) (map[string]any, error) {
	var before, after map[string]any
	if err := json.Unmarshal(from, &before); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(to, &after); err != nil {
		return nil, err
	}
	return patchBetween(before, after), nil
}

func patchBetween(before, after map[string]any) map[string]any {
	patch := map[string]any{}
	for name := range before {
		if _, stays := after[name]; !stays {
			patch[name] = nil
		}
	}
	for name, value := range after {
		was, had := before[name]
		a, wasObject := was.(map[string]any)
		b, isObject := value.(map[string]any)
		switch {
		case had && reflect.DeepEqual(was, value):
		case wasObject && isObject:
			patch[name] = patchBetween(a, b)
		default:
			patch[name] = value
		}
	}
	return patch
}
