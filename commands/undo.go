package commands

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// Undoing is what it takes to undo a change of a city's settings and keep those after it.
type Undoing struct {
	Version  settings.Version // the change
	From, To []byte           // the present document, and the one without the change
	Done     bool             // it is undone already, by the last change
}

// PlanUndo says what undoing a change would change, for "settings undo" and its preview. version names the change by its number in the history or by its hash. base is the version that was
// seen, or empty. The error is a *Refusal or Refusals if it cannot be undone; those with the code "later" have the fields that were changed again since.
func (c *Commands) PlanUndo(ctx context.Context, city settings.Snapshot, version string, base chain.Hash) (u Undoing, err error) {
	all, err := c.Versions(ctx, city)
	if errors.Is(err, chain.ErrBroken) {
		return u, refuse(Conflict, "refused-history")
	}
	if err != nil {
		return u, err
	}
	i := slices.IndexFunc(all, func(v settings.Version) bool {
		return string(v.Hash) == version || strconv.Itoa(v.Number) == strings.TrimPrefix(version, "#")
	})
	switch {
	case i < 0:
		return u, &Refusal{Reason: NotFound, Param: "version", Say: "refused-version"}
	case i == 0:
		return u, &Refusal{Reason: Conflict, Param: "version", Say: "refused-first"}
	}
	u = Undoing{Version: all[i], From: city.Document}
	if base != "" && base != city.Hash {
		if u.Done = isUndone(all, i, base); u.Done {
			return u, nil
		}
		return u, outdated(city)
	}
	document, blocked, err := settings.Undo(all[i].Before, all[i].After, city.Document)
	if err != nil {
		return u, err
	}
	if len(blocked) > 0 {
		var refusals Refusals
		for _, field := range blocked {
			refusals = append(refusals, &Refusal{Reason: Conflict, Param: "version", Field: field, Say: "refused-later", Pairs: []any{"Field", field}})
		}
		return u, refusals
	}
	u.To = document
	return u, nil
}

// isUndone reports whether the present version, the last, was made from base by undoing all[i].
func isUndone(all []settings.Version, i int, base chain.Hash) bool {
	last := len(all) - 1
	if last < 1 || all[last-1].Hash != base {
		return false
	}
	document, blocked, err := settings.Undo(all[i].Before, all[i].After, all[last-1].After)
	return err == nil && len(blocked) == 0 && bytes.Equal(document, all[last].After)
}

// undoSettings undoes a change, and keeps those after it.
func undoSettings(ctx context.Context, c *Commands, call Call) (any, error) {
	for try := 1; ; try++ {
		city, ok, err := c.Settings.Get(ctx, call.City)
		if err != nil || !ok {
			return nil, errors.Join(err, refuseUnless(ok, call.City))
		}
		base := chain.Hash(call.Text("base"))
		plan, err := c.PlanUndo(ctx, city, call.Text("version"), base)
		if err != nil {
			return nil, err
		}
		if plan.Done {
			return changeOf(city, false)
		}
		now, changed, err := c.submit(ctx, call, edit{base: city.Hash, param: "version", to: func([]byte, settings.Settings) ([]byte, error) { return plan.To, nil }})
		if base == "" && try < tries && isOutdated(err) { // somebody else was faster, and nothing was said about what was seen
			continue
		}
		if err != nil {
			return nil, err
		}
		return changeOf(now, changed)
	}
}
