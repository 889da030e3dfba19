package city

import (
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// saveOptions saves the form of a bot's options.
func (p *Pages) saveOptions(w http.ResponseWriter, r *http.Request, admin db.Admin, city settings.Snapshot) error {
	m, err := p.bots.FromPath(r)
	if err != nil {
		return err
	}
	options := p.Settings.Schema().Options[m.Name]
	if len(options) == 0 {
		return db.ErrNotFound
	}
	if err := site.ParseForm(r); err != nil {
		return err
	}
	a := submission{Base: chain.Hash(r.PostForm.Get("base")), back: "/city/" + city.City + "#" + m.Name}
	var older bool
	if a.From, older, err = p.document(r.Context(), city, a.Base); err != nil {
		return err
	}
	values := readOptions(r, options)
	if a.To, err = settings.With(a.From, p.changedOptions(a.From, m.Name, values)); err != nil {
		return err
	}
	a.conflict = func(now settings.Snapshot) error { return p.conflict(w, r, admin, now, a) }
	a.invalid = func(found settings.Errors) error {
		form := p.newOptionsForm(r, city.City, m.Name, a.Base, values)
		p.addOptionMistakes(r, form, found)
		return p.showCity(w, r, http.StatusUnprocessableEntity, admin, city, cityData{Form: newCityForm(city), Options: form})
	}
	if older {
		return a.conflict(city)
	}
	return p.submit(w, r, admin, city.City, a)
}

func readOptions(r *http.Request, options []bots.Option) bots.Options {
	values := bots.Options{}
	for _, o := range options {
		text := strings.TrimSpace(site.LineEnds(r.PostForm.Get(optionName(o))))
		values[o.Name] = text
		switch number, err := strconv.Atoi(text); {
		case o.Kind == bots.Switch:
			values[o.Name] = text != ""
		case o.Kind == bots.Number && err == nil:
			values[o.Name] = float64(number)
		}
	}
	return values
}

// changedOptions returns the fields that differ from those shown. Defaults that were not touched are not written.
func (p *Pages) changedOptions(document []byte, bot string, values bots.Options) map[string]any {
	was, _, _ := p.Settings.Schema().Check(document, document)
	shown := p.Settings.View(bot, settings.Snapshot{Settings: was}).Options
	changed := map[string]any{}
	for name, value := range values {
		if value != shown[name] {
			changed["bots."+bot+"."+name] = value
		}
	}
	return changed
}

// addOptionMistakes adds mistakes to their fields; those of other fields, to the top of the form.
func (p *Pages) addOptionMistakes(r *http.Request, form *optionsForm, found settings.Errors) {
	var others settings.Errors
	for _, one := range found {
		if bot, option, ok := p.words.Option(one.Field); ok && bot == form.Bot {
			form.Errors.Add(optionName(option), p.words.Mistake(r, one))
		} else {
			others = append(others, one)
		}
	}
	for _, sentence := range p.words.Mistakes(r, others) {
		form.Errors.Add("", sentence)
	}
}
