package city

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/transit"
	"linienfunk/transit/network"
	"linienfunk/transit/read"
)

// networkTime is how long the page waits for a network that is not in memory.
const networkTime = 10 * time.Second

// networkData is the page with a city's lines and stops.
type networkData struct {
	City    site.CityLink
	Tabs    site.Tabs
	Zone    *time.Location
	Base    chain.Hash
	Message *site.Message // if it belongs into a section
	Errors  site.FormErrors

	Import  *importView // a feed that is being read, or was refused
	Choice  *choice     // of a feed that was read, else nil
	Present *overview   // the network in force
	Unused  bool        // no trigger looks at what was read
	Missing string      // why the network that the settings name is not shown: the id of a text
	Upload  uploadForm
	Lists   listsForm
	Names   namesForm
	Tried   *triedReading
	Refresh *refreshView // nil if the network in force is not fetched again
}

// importView is an import that has not led to a network.
type importView struct {
	File        string
	Reading     bool
	Percent     int // -1 while it is not known
	Problem     string
	Detail      string // the error in English
	Interrupted bool
}

// network shows a city's lines and stops, and the forms to set them up.
func (p *Pages) network(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	return p.showNetwork(w, r, http.StatusOK, city, networkData{Errors: site.FormErrors{}})
}

// showNetwork fills in what a form has not brought along.
func (p *Pages) showNetwork(w http.ResponseWriter, r *http.Request, status int, city settings.Snapshot, data networkData) error {
	data.City, data.Tabs, data.Zone = site.LinkTo(city), site.TabsOf(r, city, "network"), city.Zone()
	if data.Base == "" {
		data.Base = city.Hash
	}
	if data.Names.Text == nil {
		text := strings.Join(city.StopNames, "\n")
		data.Names.Text = &text
	}
	reader, err := p.presentReader(r, city, *data.Names.Text)
	switch {
	case errors.Is(err, db.ErrNotFound):
		data.Missing = "network-missing"
	case errors.Is(err, network.ErrVersion):
		data.Missing = "network-old"
	case errors.Is(err, transit.ErrLarge):
		data.Missing = "network-large"
	case errors.Is(err, context.DeadlineExceeded):
		data.Missing = "network-late"
	case err != nil:
		return err
	case reader != nil:
		data.show(p, r, reader)
		data.Unused = !slices.ContainsFunc(city.Triggers, func(line string) bool { return strings.HasPrefix(line, "@") })
	}
	if err := p.addImport(r, city, &data); err != nil {
		return err
	}
	if err := p.addRefresh(r, city, &data); err != nil {
		return err
	}
	about := site.Page{Title: p.Text(r, "network-of", "City", city.Title), Line: site.LineClass(city.City), Private: true}
	if data.Import != nil && data.Import.Reading {
		about.Refresh = 3
	}
	data.Message = p.PlaceMessage(w, r, &about, "feed", "names", "lists", "choice")
	return p.Show(w, r, status, about, "network.html", data)
}

// presentReader returns the reader of the network in force with the names in the form, or, if those cannot be read, with none; nil without a network.
func (p *Pages) presentReader(r *http.Request, city settings.Snapshot, names string) (*read.Reader, error) {
	source, has := city.Reader()
	if !has {
		return nil, nil
	}
	if source.Names = splitLines(names); names != "" {
		if _, err := network.ParseNames(strings.Join(source.Names, "\n")); err != nil {
			source.Names = nil
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.NetworkTime)
	defer cancel()
	return p.Readers.Get(ctx, source)
}

// show shows the network in force, and what it means for the names and the text that is tried.
func (d *networkData) show(p *Pages, r *http.Request, reader *read.Reader) {
	n := reader.Network()
	d.Present = p.overview(r, n)
	for _, one := range reader.Unplaced() {
		d.Names.Unplaced = append(d.Names.Unplaced, one.Stop)
	}
	if d.Names.Try != "" {
		d.Tried = p.tryReading(reader, d.Names.Try)
	}
	if lines, stops, ok := n.Lists(); ok {
		d.Names.Lists = true
		if d.Lists.Lines == nil {
			d.Lists.Lines, d.Lists.Stops = &lines, &stops
		}
	}
}

// addImport adds what became of the feed that was uploaded last.
func (p *Pages) addImport(r *http.Request, city settings.Snapshot, data *networkData) error {
	last, found, err := p.Imports.Status(r.Context(), city.City)
	if err != nil || !found {
		return err
	}
	switch last.State {
	case transit.Reading:
		data.Import = &importView{File: last.File, Reading: true, Percent: percent(last.Done, last.Total)}
	case transit.Interrupted:
		data.Import = &importView{File: last.File, Interrupted: true}
	case transit.Failed:
		data.Import = &importView{File: last.File, Problem: p.feedProblem(r, last.Failure)}
		if last.Failure != nil {
			data.Import.Detail = last.Failure.Error()
		}
	case transit.Read:
		if data.Choice != nil || last.Hash == city.Network {
			return nil
		}
		release, err := p.Commands.FeedSlot(r.Context())
		if err != nil {
			return err
		}
		defer release()
		n, err := p.Networks.Load(r.Context(), last.Hash)
		if errors.Is(err, db.ErrNotFound) {
			return nil // it was not accepted for a day
		}
		if err != nil {
			return err
		}
		data.Choice = p.newChoice(r, last, n, chosen{FeedPart: commands.WholeFeed(n)})
		data.Choice.Part = p.overview(r, n)
	}
	return nil
}

func percent(done, total int64) int {
	if total <= 0 {
		return -1
	}
	return int(min(100, 100*done/total))
}

// feedProblem describes what is wrong with a feed; nil is a fault of the server.
func (p *Pages) feedProblem(r *http.Request, e *network.FeedError) string {
	if e == nil {
		return p.Text(r, "feed-failed")
	}
	say := p.Text(r, "feed-"+string(e.Problem), "File", e.File, "Field", e.Field, "Value", e.Value)
	switch {
	case e.Line > 0 && e.Field != "":
		return p.Text(r, "feed-place-field", "File", e.File, "Line", e.Line, "Field", e.Field) + " " + say
	case e.Line > 0:
		return p.Text(r, "feed-place-line", "File", e.File, "Line", e.Line) + " " + say
	case e.File != "" && e.Problem != network.MissingFile:
		return p.Text(r, "feed-place-file", "File", e.File) + " " + say
	}
	return say
}
