package city

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/transit"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// choice is the form in which an admin chooses a part of a feed.
type choice struct {
	File, Hash     string
	Agencies       []box
	Kinds          []box
	Center, Radius string
	Try            string
	Part           *overview // what would be saved, nil if it cannot be
	Shown          bool      // the part was asked for
	Tried          *triedReading
	Errors         site.FormErrors
}

// box is a checkbox.
type box struct {
	Value, Label string
	Lines        int
	On           bool
}

// chosen is what the form says.
type chosen struct {
	agencies       []string
	kinds          []network.Kind
	center, radius string
	try            string
}

// wholeFeed chooses everything.
func wholeFeed(n *network.Network) (c chosen) {
	for _, one := range n.Agencies() {
		c.agencies = append(c.agencies, one.What)
	}
	for _, one := range n.KindsOfLines() {
		c.kinds = append(c.kinds, one.What)
	}
	return c
}

func readChosen(r *http.Request) (c chosen) {
	c.agencies = r.PostForm["agency"]
	for _, kind := range r.PostForm["kind"] {
		c.kinds = append(c.kinds, network.Kind(kind))
	}
	c.center, c.radius = strings.TrimSpace(r.PostForm.Get("center")), strings.TrimSpace(r.PostForm.Get("radius"))
	c.try = strings.TrimSpace(site.LineEnds(r.PostForm.Get("try")))
	return c
}

// newChoice returns the form without its preview.
func (p *Pages) newChoice(r *http.Request, feed transit.Import, n *network.Network, c chosen) *choice {
	form := &choice{File: feed.File, Hash: feed.Hash, Center: c.center, Radius: c.radius, Try: c.try, Errors: site.FormErrors{}}
	for _, one := range n.Agencies() {
		form.Agencies = append(form.Agencies, box{one.What, one.What, one.Lines, slices.Contains(c.agencies, one.What)})
	}
	for _, one := range n.KindsOfLines() {
		form.Kinds = append(form.Kinds, box{string(one.What), p.kindName(r, one.What), one.Lines, slices.Contains(c.kinds, one.What)})
	}
	return form
}

// narrow returns the chosen part, or nil and the mistakes in form. options lead to the same part of a later feed: new companies and kinds come in where
// none was left out.
func (p *Pages) narrow(r *http.Request, n *network.Network, c chosen, form *choice) (part *network.Network, options network.Options) {
	if whole := wholeFeed(n); len(c.agencies) < len(whole.agencies) {
		options.Agencies = c.agencies
	}
	if whole := wholeFeed(n); len(c.kinds) < len(whole.kinds) {
		options.Kinds = c.kinds
	}
	if len(c.agencies) == 0 {
		form.Errors.Add("agency", p.Text(r, "choice-none"))
	}
	if len(c.kinds) == 0 {
		form.Errors.Add("kind", p.Text(r, "choice-none"))
	}
	var mistakes map[string]string
	options.Circle, mistakes = p.area(r, c.center, c.radius, n)
	for field, say := range mistakes {
		form.Errors.Add(field, say)
	}
	if len(form.Errors) > 0 {
		return nil, options
	}
	part, err := n.Narrow(options)
	if err != nil { // nothing is left
		form.Errors.Add("", p.Text(r, "choice-nothing-left"))
		return nil, options
	}
	if len(part.Stops) > transit.MaxCityStops {
		form.Errors.Add("", p.Text(r, "choice-too-large", "Stops", len(part.Stops), "Limit", transit.MaxCityStops))
		return nil, options
	}
	return part, options
}

// feedSlot waits until this request may have the network of a feed in memory: that of a country takes hundreds of megabytes while it is decoded.
func (p *Pages) feedSlot(ctx context.Context) (release func(), err error) {
	select {
	case p.feedSlots <- struct{}{}:
		return func() { <-p.feedSlots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// chooseFeed shows the chosen part of the feed that was read. It saves nothing.
func (p *Pages) chooseFeed(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	release, err := p.feedSlot(r.Context())
	if err != nil {
		return err
	}
	defer release()
	_, form, part, _, err := p.readChoice(r, city)
	if err != nil {
		return err
	}
	data := networkData{Errors: site.FormErrors{}, Choice: form, Base: chain.Hash(r.PostForm.Get("base"))}
	if part == nil {
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	}
	form.Part, form.Shown = p.overview(r, part), true
	if form.Try != "" {
		source, _ := city.Reader()
		reader, err := read.New(part, read.Options{Languages: source.Languages})
		if err != nil {
			return err
		}
		form.Tried = p.tryReading(reader, form.Try)
	}
	return p.showNetwork(w, r, http.StatusOK, city, data)
}

// saveChoice makes the chosen part the city's network.
func (p *Pages) saveChoice(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	release, err := p.feedSlot(r.Context())
	if err != nil {
		return err
	}
	defer release()
	last, form, part, options, err := p.readChoice(r, city)
	if err != nil {
		return err
	}
	if part == nil {
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, networkData{Errors: site.FormErrors{}, Choice: form, Base: chain.Hash(r.PostForm.Get("base"))})
	}
	return p.saveNetwork(w, r, admin, city, part, func(hash string) error { return p.Imports.Follow(r.Context(), city.City, last, options, hash) })
}

// readChoice reads the form, and the feed's network that it is about. part is nil if there are mistakes in the form.
func (p *Pages) readChoice(r *http.Request, city settings.Snapshot) (last transit.Import, form *choice, part *network.Network, options network.Options, err error) {
	if err := site.ParseForm(r); err != nil {
		return last, nil, nil, options, err
	}
	c := readChosen(r)
	if last, _, err = p.Imports.Status(r.Context(), city.City); err != nil {
		return last, nil, nil, options, err
	}
	hash := r.PostForm.Get("feed")
	n, err := p.Networks.Load(r.Context(), hash)
	if errors.Is(err, db.ErrNotFound) || err == nil && last.Hash != hash {
		return last, nil, nil, options, db.ErrNotFound // another admin has uploaded another feed, or a day has passed
	}
	if err != nil {
		return last, nil, nil, options, err
	}
	form = p.newChoice(r, last, n, c)
	part, options = p.narrow(r, n, c, form)
	return last, form, part, options, nil
}
