package city

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// A change is in force before it is in the history: how long a page waits for it, and how often it checks.
const (
	historyTime = 2 * time.Second
	historyStep = 20 * time.Millisecond
)

// versions returns a city's history, the oldest version first. It waits up to HistoryTime for the present version and for
// others. An error that wraps chain.ErrBroken comes with the versions before the break.
func (p *Pages) versions(ctx context.Context, city settings.Snapshot, others ...chain.Hash) ([]settings.Version, error) {
	wanted := append(others, city.Hash)
	late := time.After(p.HistoryTime)
	for {
		all, err := p.History.History(ctx, city.City)
		missing := func(hash chain.Hash) bool { return indexOf(all, hash) < 0 }
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

// indexOf returns the index of a version, or -1.
func indexOf(all []settings.Version, hash chain.Hash) int {
	return slices.IndexFunc(all, func(v settings.Version) bool { return v.Hash == hash })
}

var looksLikeHash = regexp.MustCompile("^[0-9a-f]{64}$")

// document returns the city's document at the version hash, and whether that is older than the present one. The version may
// also be newer, if another node showed the form and this node has not received the change yet. It returns site.ErrForm if
// there is no such version.
func (p *Pages) document(ctx context.Context, city settings.Snapshot, hash chain.Hash) (document []byte, older bool, err error) {
	if hash == city.Hash {
		return city.Document, false, nil
	}
	if !looksLikeHash.MatchString(string(hash)) {
		return nil, false, site.ErrForm
	}
	all, err := p.versions(ctx, city, hash)
	here, there := indexOf(all, city.Hash), indexOf(all, hash)
	switch {
	case there >= 0:
		return all[there].After, here < 0 || there < here, nil
	case err != nil:
		return nil, false, err
	case here < 0:
		return nil, false, fmt.Errorf("history of %s: the present version is not there yet", city.City)
	}
	return nil, false, site.ErrForm
}

// versionsAfter returns the versions after base, nil if there is no base.
func versionsAfter(all []settings.Version, base chain.Hash) []settings.Version {
	if i := indexOf(all, base); i >= 0 {
		return all[i+1:]
	}
	return nil
}

// authors caches the names of admins during a request.
type authors map[uint]string

// author is the name of the admin who made a version.
func (p *Pages) author(r *http.Request, known authors, id uint) (string, error) {
	if id == 0 {
		return "Linienfunk", nil
	}
	if name, ok := known[id]; ok {
		return name, nil
	}
	admin, err := p.DB.AdminByID(r.Context(), id)
	if errors.Is(err, db.ErrNotFound) {
		admin.Address, err = p.Text(r, "history-left"), nil
	}
	known[id] = admin.Address
	return admin.Address, err
}

// change is a version as pages name it.
type change struct {
	Number int
	Who    string
	At     time.Time
	Titles []string // of the changed fields that the page is about
}

// Before is the parameter of the history page on which this change is the first.
func (c change) Before() int { return c.Number + 1 }

func (p *Pages) change(r *http.Request, known authors, v settings.Version) (change, error) {
	who, err := p.author(r, known, v.Admin)
	return change{Number: v.Number, Who: who, At: v.Time}, err
}

func numberOf(text string) int { n, _ := strconv.Atoi(text); return max(n, 0) }
