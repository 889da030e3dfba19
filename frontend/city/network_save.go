package city

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
	"linienfunk/transit/network"
)

// listsForm has the lists of a city without a feed; nil where nothing was sent.
type listsForm struct{ Lines, Stops *string }

// namesForm has the other names of stops, and a text to try them on.
type namesForm struct {
	Text     *string // nil if nothing was sent
	Try      string
	Unplaced []string // stops that the network does not have
	Lists    bool     // the network was made from lists, which have names of their own
}

// saveNetwork stores a network and makes it the city's. known is called with its hash before.
func (p *Pages) saveNetwork(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot, n *network.Network, known func(hash string) error) error {
	hash, err := p.Networks.Save(r.Context(), n)
	if err != nil {
		return err
	}
	if err := p.Networks.Use(r.Context(), hash); err != nil {
		return err
	}
	if err := known(hash); err != nil {
		return err
	}
	changes := map[string]any{"network": hash}
	if city.Network == "" && slices.Equal(city.Triggers, settings.StartTriggers(city.Lang, false)) {
		changes["triggers"] = settings.StartTriggers(city.Lang, true) // nobody has changed those for a city without a network
	}
	return p.submitNetwork(w, r, admin, city, changes, nil)
}

// submitNetwork submits changes of the fields about the network. invalid answers if they are invalid; nil if they cannot be.
func (p *Pages) submitNetwork(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot, changes map[string]any, invalid func(settings.Errors) error) error {
	a := submission{Base: chain.Hash(r.PostForm.Get("base")), back: "/city/" + city.City + "/network"}
	var older bool
	var err error
	if a.From, older, err = p.document(r.Context(), city, a.Base); err != nil {
		return err
	}
	if a.To, err = settings.With(a.From, changes); err != nil {
		return err
	}
	a.conflict = func(now settings.Snapshot) error { return p.conflict(w, r, admin, now, a) }
	a.invalid = func(found settings.Errors) error {
		if invalid != nil {
			return invalid(found)
		}
		data := networkData{Errors: site.FormErrors{}}
		for _, sentence := range p.words.Mistakes(r, found) {
			data.Errors.Add("", sentence)
		}
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	}
	if older {
		return a.conflict(city)
	}
	return p.submit(w, r, admin, city.City, a)
}

// saveLists makes a network from the lists in the form.
func (p *Pages) saveLists(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	lines, stops := site.LineEnds(r.PostForm.Get("lines")), site.LineEnds(r.PostForm.Get("stops"))
	data := networkData{Errors: site.FormErrors{}, Lists: listsForm{&lines, &stops}, Base: chain.Hash(r.PostForm.Get("base"))}
	n, err := network.FromLists(lines, stops)
	switch {
	case err != nil:
		p.addListErrors(r, &data, err)
	case len(n.Lines) == 0 && len(n.Stops) == 0:
		data.Errors.Add("lines", p.Text(r, "lists-empty"))
	default:
		return p.saveNetwork(w, r, admin, city, n, func(string) error { return p.Imports.Unfollow(r.Context(), city.City) })
	}
	return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
}

// addListErrors converts the joined errors of network.FromLists.
func (p *Pages) addListErrors(r *http.Request, data *networkData, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			p.addListErrors(r, data, one)
		}
		return
	}
	var line *network.ListError
	if errors.As(err, &line) {
		data.Errors.Add(line.List, p.words.Mistake(r, settings.FieldError{Field: "stop_names", Line: line.Line, TextID: "settings-error-names", Err: line}))
	}
}

// saveNames saves the other names of stops.
func (p *Pages) saveNames(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	data, err := readNames(r)
	if err != nil {
		return err
	}
	var value any
	if names := splitLines(*data.Names.Text); len(names) > 0 {
		value = names
	}
	return p.submitNetwork(w, r, admin, city, map[string]any{"stop_names": value}, func(found settings.Errors) error {
		p.addNameMistakes(r, &data, found)
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	})
}

// tryNames shows what would be read in a text with the names in the form. It saves nothing.
func (p *Pages) tryNames(w http.ResponseWriter, r *http.Request, _ db.Admin, city settings.Snapshot) error {
	data, err := readNames(r)
	if err != nil {
		return err
	}
	document, err := settings.With(city.Document, map[string]any{"stop_names": splitLines(*data.Names.Text)})
	if err != nil {
		return err
	}
	var found settings.Errors
	if _, _, err := p.Settings.Schema().Check(city.Document, document); errors.As(err, &found) {
		p.addNameMistakes(r, &data, found)
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	}
	return p.showNetwork(w, r, http.StatusOK, city, data)
}

func readNames(r *http.Request) (networkData, error) {
	if err := site.ParseForm(r); err != nil {
		return networkData{}, err
	}
	text := site.LineEnds(r.PostForm.Get("stop_names"))
	return networkData{Errors: site.FormErrors{}, Base: chain.Hash(r.PostForm.Get("base")),
		Names: namesForm{Text: &text, Try: strings.TrimSpace(site.LineEnds(r.PostForm.Get("try")))}}, nil
}

// addNameMistakes adds mistakes to the list of names; those of other fields, to the top of the page.
func (p *Pages) addNameMistakes(r *http.Request, data *networkData, found settings.Errors) {
	for _, one := range found {
		if wording.OfNetwork(one.Field) {
			data.Errors.Add(one.Field, p.words.Mistake(r, one))
			continue
		}
		data.Errors.Add("", p.words.Mistakes(r, settings.Errors{one})[0])
	}
}

// removeNetwork leaves the city without a network. The other names of stops stay, for the next one.
func (p *Pages) removeNetwork(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	return p.submitNetwork(w, r, admin, city, map[string]any{"network": nil}, nil)
}
