package city

import (
	"errors"
	"net/http"
	"strings"

	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
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

// runNetwork runs a command about the network of the version that the form was made from. refused answers if a value is wrong; without it, what is wrong is at the top of the page.
func (p *Pages) runNetwork(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot, name string, args map[string]any, refused func(commands.Refusals) error) error {
	a := submission{Base: chain.Hash(r.PostForm.Get("base")), back: "/city/" + city.City + "/network", refused: refused}
	a.invalid = func(found settings.Errors) error {
		data := networkData{Errors: site.FormErrors{}}
		for _, sentence := range p.words.Mistakes(r, found) {
			data.Errors.Add("", sentence)
		}
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	}
	if a.Base == "" {
		return site.ErrForm
	}
	return p.runSettings(w, r, admin, city.City, name, args, a)
}

// saveLists makes a network from the lists in the form.
func (p *Pages) saveLists(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	if err := site.ParseForm(r); err != nil {
		return err
	}
	lines, stops := site.LineEnds(r.PostForm.Get("lines")), site.LineEnds(r.PostForm.Get("stops"))
	return p.runNetwork(w, r, admin, city, "transit lists", map[string]any{"lines": lines, "stops": stops}, func(refusals commands.Refusals) error {
		data := networkData{Errors: site.FormErrors{}, Lists: listsForm{&lines, &stops}, Base: chain.Hash(r.PostForm.Get("base"))}
		for _, one := range refusals {
			if one.Param != "" && one.Setting != nil {
				data.Errors.Add(one.Param, p.words.Mistake(r, *one.Setting))
			} else {
				data.Errors.Add(one.Param, p.Commands.Why(p.Lang(r), one))
			}
		}
		return p.showNetwork(w, r, http.StatusUnprocessableEntity, city, data)
	})
}

// saveNames saves the other names of stops.
func (p *Pages) saveNames(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	data, err := readNames(r)
	if err != nil {
		return err
	}
	return p.runNetwork(w, r, admin, city, "transit names", map[string]any{"names": *data.Names.Text}, func(refusals commands.Refusals) error {
		p.addNameMistakes(r, &data, refusals.Settings())
		if len(data.Errors) == 0 {
			data.Errors.Add("stop_names", p.Commands.Why(p.Lang(r), refusals[0]))
		}
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
	return p.runNetwork(w, r, admin, city, "transit remove", map[string]any{}, nil)
}
