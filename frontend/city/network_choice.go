package city

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"linienfunk/commands"
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
	commands.FeedPart
	try string
}

func readChosen(r *http.Request) (c chosen) {
	c.Agencies, c.Kinds = append([]string{}, r.PostForm["agency"]...), []network.Kind{}
	for _, kind := range r.PostForm["kind"] {
		c.Kinds = append(c.Kinds, network.Kind(kind))
	}
	c.Center, c.Radius = strings.TrimSpace(r.PostForm.Get("center")), strings.TrimSpace(r.PostForm.Get("radius"))
	c.try = strings.TrimSpace(site.LineEnds(r.PostForm.Get("try")))
	return c
}

// newChoice returns the form without its preview.
func (p *Pages) newChoice(r *http.Request, feed transit.Import, n *network.Network, c chosen) *choice {
	form := &choice{File: feed.File, Hash: feed.Hash, Center: c.Center, Radius: c.Radius, Try: c.try, Errors: site.FormErrors{}}
	for _, one := range n.Agencies() {
		form.Agencies = append(form.Agencies, box{one.What, one.What, one.Lines, slices.Contains(c.Agencies, one.What)})
	}
	for _, one := range n.KindsOfLines() {
		form.Kinds = append(form.Kinds, box{string(one.What), p.kindName(r, one.What), one.Lines, slices.Contains(c.Kinds, one.What)})
	}
	return form
}

// choiceFields are the names of inputs, by the parameters of "transit choose" that differ.
var choiceFields = map[string]string{"agencies": "agency", "kinds": "kind"}

// narrow returns the chosen part, or nil and the mistakes in form.
func (p *Pages) narrow(r *http.Request, n *network.Network, c chosen, form *choice) *network.Network {
	part, _, err := c.NetworkOf(n)
	for _, one := range commands.AsRefusals(err) {
		form.Errors.Add(cmp.Or(choiceFields[one.Param], one.Param), p.Commands.Why(p.Lang(r), one))
	}
	return part
}

// chooseFeed shows the chosen part of the feed that was read. It saves nothing.
func (p *Pages) chooseFeed(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	release, err := p.Commands.FeedSlot(r.Context())
	if err != nil {
		return err
	}
	defer release()
	form, part, err := p.readChoice(r, city)
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
	if err := site.ParseForm(r); err != nil {
		return err
	}
	c := readChosen(r)
	var kinds []string
	for _, kind := range c.Kinds {
		kinds = append(kinds, string(kind))
	}
	args := map[string]any{"feed": r.PostForm.Get("feed"), "agencies": typed(c.Agencies), "kinds": typed(kinds), "center": c.Center, "radius": c.Radius}
	return p.runNetwork(w, r, admin, city, "transit choose", args, func(refusals commands.Refusals) error {
		release, err := p.Commands.FeedSlot(r.Context())
		if err != nil {
			return err
		}
		defer release()
		form, _, err := p.readChoice(r, city)
		if err != nil {
			return err
		}
		if len(form.Errors) == 0 {
			form.Errors.Add("", p.Commands.Why(p.Lang(r), refusals[0]))
		}
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, networkData{Errors: site.FormErrors{}, Choice: form, Base: chain.Hash(r.PostForm.Get("base"))})
	})
}

// typed writes names as "transit choose" reads them.
func typed(names []string) string {
	var lines []string
	for _, name := range names {
		lines = append(lines, cmp.Or(name, commands.Unnamed))
	}
	return strings.Join(lines, "\n")
}

// readChoice reads the form, and the feed's network that it is about. part is nil if there are mistakes in the form.
func (p *Pages) readChoice(r *http.Request, city settings.Snapshot) (form *choice, part *network.Network, err error) {
	if err := site.ParseForm(r); err != nil {
		return nil, nil, err
	}
	last, _, err := p.Imports.Status(r.Context(), city.City)
	if err != nil {
		return nil, nil, err
	}
	hash := r.PostForm.Get("feed")
	n, err := p.Networks.Load(r.Context(), hash)
	if errors.Is(err, db.ErrNotFound) || err == nil && last.Hash != hash {
		return nil, nil, db.ErrNotFound // another admin has uploaded another feed, or a day has passed
	}
	if err != nil {
		return nil, nil, err
	}
	c := readChosen(r)
	form = p.newChoice(r, last, n, c)
	return form, p.narrow(r, n, c, form), nil
}
