// Package wording describes settings in the visitor's language: their names, values, changes and mistakes.
package wording

import (
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
)

// Wording describes settings.
type Wording struct {
	*site.Site
	bots *botpages.Bots
}

// New uses the titles, options and texts of the bots in b.
func New(s *site.Site, b *botpages.Bots) *Wording { return &Wording{Site: s, bots: b} }
