// Package frontend serves the web pages and /healthz. Each subject has a package of its own; this one puts them together.
//
// Everything works without JavaScript. A GET changes nothing but the visitor's own language and messages, with one exception:
// another site leads back with a GET after a login there (/bots/<bot>/).
package frontend

import (
	"net/http"
	"time"

	"linienfunk/frontend/account"
	"linienfunk/frontend/apipages"
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/city"
	"linienfunk/frontend/operator"
	"linienfunk/frontend/public"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/templates"
)

// Deps are the parts of the program that the pages use.
type Deps = site.Deps

// Frontend is the site. Mount the bots in Bots, then serve Handler; call Accounts.Prune now and then, and Accounts.Wait at the end.
type Frontend struct {
	Site     *site.Site
	Bots     *botpages.Bots
	Accounts *account.Pages
	Cities   *city.Pages

	HealthTime time.Duration // how long /healthz waits for the database and the broker; New sets it to 3 seconds

	public *public.Pages
	static http.Handler
}

// New parses the pages. An error is a mistake in the program's files or in BaseURL.
func New(deps Deps) (*Frontend, error) {
	s, err := site.New(deps, botpages.Files, account.Files, city.Files, public.Files, apipages.Files, operator.Files)
	if err != nil {
		return nil, err
	}
	f := &Frontend{Site: s, Bots: botpages.New(s), HealthTime: healthTime}
	if f.static, err = templates.Static(); err != nil {
		return nil, err
	}
	words := wording.New(s, f.Bots)
	if f.Accounts, err = account.New(s, words); err != nil {
		return nil, err
	}
	f.Cities = city.New(s, f.Bots, words)
	f.public = public.New(s, f.Bots)
	return f, nil
}
