package city

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// document returns the city's document at the version that a form was made from, and whether that is older than the present one: see
// commands.Commands.Document. It returns site.ErrForm if there is no such version.
func (p *Pages) document(ctx context.Context, city settings.Snapshot, hash chain.Hash) (document []byte, older bool, err error) {
	document, older, err = p.Commands.Document(ctx, city, hash)
	if errors.Is(err, commands.ErrNoVersion) {
		err = site.ErrForm
	}
	return document, older, err
}

// versionsAfter returns the versions after base, nil if there is no base.
func versionsAfter(all []settings.Version, base chain.Hash) []settings.Version {
	if i := commands.IndexOf(all, base); i >= 0 {
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
