// Package frontend serves the pages that people see, and answers /healthz. It puts the subjects' pages together: accounts, a
// city's own pages, public pages, and those of the bots.
//
// Everything works without JavaScript. No GET changes anything but a visitor's own language and messages; except where
// another site leads back to after a login there (/bots/<bot>/), which can only be a GET.
package frontend

import (
	"embed"
	"io/fs"
	"net/http"

	"linienfunk/templates"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Frontend is the site. Mount the bots in Bots, then serve Handler; call Accounts.Prune now and then, and Accounts.Wait at the end.
type Frontend struct {
	Site     *Site
	Bots     *Bots
	Accounts *AccountPages
	Cities   *CityPages

	public *PublicPages
	static http.Handler
}

// New parses the pages. An error is a mistake in the program's files or in BaseURL.
func New(deps Deps) (*Frontend, error) {
	pages, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	f := &Frontend{}
	if f.Site, err = NewSite(deps, pages); err != nil {
		return nil, err
	}
	if f.static, err = templates.Static(); err != nil {
		return nil, err
	}
	f.Bots = NewBots(f.Site)
	words := NewWording(f.Site, f.Bots)
	if f.Accounts, err = NewAccountPages(f.Site, words); err != nil {
		return nil, err
	}
	f.Cities = NewCityPages(f.Site, f.Bots, words, f.Accounts)
	f.public = NewPublicPages(f.Site, f.Bots)
	return f, nil
}
