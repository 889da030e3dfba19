package commands

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// A change is in force before it is in the history: how long a command waits for it, and how often it looks.
const (
	historyTime = 2 * time.Second
	historyStep = 20 * time.Millisecond
)

// ErrNoVersion means that a city has never had a version of its settings.
var ErrNoVersion = errors.New("there is no such version of the settings")

// Versions returns a city's history, the oldest version first. It waits up to HistoryTime for the present version and for others. An error that wraps chain.ErrBroken comes with the
// versions before the break.
func (c *Commands) Versions(ctx context.Context, city settings.Snapshot, others ...chain.Hash) ([]settings.Version, error) {
	wanted := append(others, city.Hash)
	late := time.After(c.HistoryTime)
	for {
		all, err := c.History.History(ctx, city.City)
		missing := func(hash chain.Hash) bool { return IndexOf(all, hash) < 0 }
		if err != nil || !slices.ContainsFunc(wanted, missing) {
			return all, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return all, nil
		case <-time.After(historyStep):
		}
	}
}

// IndexOf returns the index of a version, or -1.
func IndexOf(all []settings.Version, hash chain.Hash) int {
	return slices.IndexFunc(all, func(v settings.Version) bool { return v.Hash == hash })
}

var looksLikeHash = regexp.MustCompile("^[0-9a-f]{64}$")

// Document returns a city's document at the version hash, and whether that is older than the present one. The version may also be newer, if another node has shown it and this node
// has not received the change yet. The error is ErrNoVersion if there is no such version.
func (c *Commands) Document(ctx context.Context, city settings.Snapshot, hash chain.Hash) (document []byte, older bool, err error) {
	if hash == city.Hash {
		return city.Document, false, nil
	}
	if !looksLikeHash.MatchString(string(hash)) {
		return nil, false, ErrNoVersion
	}
	all, err := c.Versions(ctx, city, hash)
	here, there := IndexOf(all, city.Hash), IndexOf(all, hash)
	switch {
	case there >= 0:
		return all[there].After, here < 0 || there < here, nil
	case err != nil:
		return nil, false, err
	case here < 0:
		return nil, false, fmt.Errorf("history of %s: the present version is not there yet", city.City)
	}
	return nil, false, ErrNoVersion
}
