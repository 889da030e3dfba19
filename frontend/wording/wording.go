// Package wording says in the visitor's language what a setting is called, what its value is, how it changed, and what is wrong
// with it.
package wording

import (
	"linienfunk/frontend/botpages"
	"linienfunk/frontend/site"
)

// Wording puts settings into the words of a visitor's language.
type Wording struct {
	*site.Site
	bots *botpages.Bots
}

// New knows the options of bots by what is mounted in b.
func New(s *site.Site, b *botpages.Bots) *Wording { return &Wording{Site: s, bots: b} }
