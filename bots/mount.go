package bots

import (
	"context"
	"html/template"
	"net/http"
)

// Mount describes the place of a request to one of the bot's handlers.
type Mount struct {
	City  City   // zero on pages for all cities
	Path  string // the mount point, without a slash at the end; links to the bot's own pages begin with it
	Lang  string // the visitor's language
	Admin bool   // the visitor is logged in as an admin of the city
	Once  string // 32 hex digits that differ in each visitor's copy of a page; written unchanged: in fragments the core replaces it
	// Options is the form for Plugin.Options. The bot's settings section includes it; it is empty on other pages.
	Options template.HTML
}

type mountKey struct{}

// MountOf returns the mount of a request. The core sets it before it calls a bot's handler.
func MountOf(r *http.Request) Mount {
	m, _ := r.Context().Value(mountKey{}).(Mount)
	return m
}

// WithMount returns a copy of r with the mount m.
func WithMount(r *http.Request, m Mount) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), mountKey{}, m))
}
