package commands

import (
	"context"
	"encoding/json"
	"errors"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// CitySettings is the result of "settings show" and "settings change".
type CitySettings struct {
	City     string         `json:"city"`
	Hash     string         `json:"hash" doc:"Of this version, as in the history."`
	Settings map[string]any `json:"settings" doc:"The document: see docs/settings-protocol.md."`
}

func documentOf(city settings.Snapshot) (any, error) {
	result := CitySettings{City: city.City, Hash: string(city.Hash)}
	return result, json.Unmarshal(city.Document, &result.Settings)
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
	for try := 1; ; try++ {
		city, ok, err := c.Settings.Get(ctx, call.City)
		if err != nil || !ok {
			return nil, errors.Join(err, refuseUnless(ok, call.City))
		}
		if base := call.Text("base"); base != "" && base != string(city.Hash) {
			return nil, refuse(Outdated, "refused-outdated", "Hash", string(city.Hash))
		}
		to, err := merged(city.Document, changes)
		if err != nil {
			return nil, err
		}
		now, err := c.Settings.Submit(ctx, settings.Draft{City: city.City, Base: city.Hash, From: city.Document, To: to, Admin: call.Actor.Admin, Note: "/" + call.Name})
		var found settings.Errors
		switch {
		case err == nil:
			c.Changed(city.City)
			return documentOf(now)
		case errors.Is(err, chain.ErrNothing):
			return documentOf(city)
		case errors.As(err, &found):
			return nil, refusedFields(found)
		case errors.Is(err, chain.ErrPatch):
			return nil, refuse(TooMany, "refused-large")
		case errors.Is(err, settings.ErrPending):
			return nil, refuse(Unavailable, "refused-pending")
		case !errors.Is(err, settings.ErrConflict):
			return nil, err
		case try == tries:
			return nil, refuse(Conflict, "refused-busy")
		}
	}
}

// refusedFields are the fields of a document that are wrong.
func refusedFields(found settings.Errors) (all Refusals) {
	for _, one := range found {
		refusal := wrong("changes", "refused-setting", "Why", one.Error())
		refusal.Field = one.Field
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
