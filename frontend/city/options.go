package city

import (
	"html/template"
	"net/http"
	"strconv"

	"linienfunk/bots"
	"linienfunk/frontend/site"
	"linienfunk/frontend/wording"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// optionsForm is the data of options.html.
type optionsForm struct {
	City, Bot string
	Base      chain.Hash // the version that the form was made from
	Options   []optionField
	Errors    site.FormErrors // by the names of the inputs
}

// optionField is one option with its texts.
type optionField struct {
	Name, ID    string // of its input
	Label, Hint string
	Kind        bots.OptionKind
	On          bool   // of a switch
	Text        string // of a text or a number
	Min, Max    int
	Long        bool // a text of several lines
	Choices     []optionChoice
}

type optionChoice struct {
	Value, Label string
	Here         bool
}

// longOption is the maximum length from which a text gets several lines, in characters.
const longOption = 120

// newOptionsForm returns the form with values for a bot's options.
func (p *Pages) newOptionsForm(r *http.Request, city, bot string, base chain.Hash, values bots.Options) *optionsForm {
	form := &optionsForm{City: city, Bot: bot, Base: base, Errors: site.FormErrors{}}
	for _, o := range p.Settings.Schema().Options[bot] {
		one := optionField{
			Name: optionName(o), ID: bot + "-" + wording.OptionID(o.Name), Label: p.words.OptionText(r, bot, o.Name), Hint: p.optionHint(r, bot, o),
			Kind: o.Kind, On: values.On(o.Name), Text: values.Text(o.Name), Min: o.Min, Max: o.Max, Long: o.Kind == bots.Text && o.Max > longOption,
		}
		if _, typed := values[o.Name].(string); o.Kind == bots.Number && !typed { // text that is not a number is shown as typed
			one.Text = strconv.Itoa(values.Number(o.Name))
		}
		for _, choice := range o.Choices {
			one.Choices = append(one.Choices, optionChoice{choice, p.words.OptionText(r, bot, o.Name, choice), choice == one.Text})
		}
		form.Options = append(form.Options, one)
	}
	return form
}

// optionName is the name of an option's input. The prefix keeps it apart from other inputs.
func optionName(o bots.Option) string { return "option." + o.Name }

// optionHint is the sentence below an option's label, or "".
func (p *Pages) optionHint(r *http.Request, bot string, o bots.Option) string {
	id := wording.OptionID(o.Name, "hint")
	if hint := p.bots.Translate(p.Lang(r), bot, id); hint != id {
		return hint
	}
	return ""
}

// options renders the form of a bot's options for its section. wrong is a form with mistakes that was sent, or nil.
func (p *Pages) options(r *http.Request, city settings.Snapshot, bot string, wrong *optionsForm) (template.HTML, error) {
	if len(p.Settings.Schema().Options[bot]) == 0 {
		return "", nil
	}
	form := wrong
	if form == nil || form.Bot != bot {
		form = p.newOptionsForm(r, city.City, bot, city.Hash, p.Settings.View(bot, city).Options)
	}
	return p.Render(r, "options.html", form)
}

// Attr returns the ARIA attributes of an option's input.
func (o optionsForm) Attr(one optionField) template.HTMLAttr {
	return o.Errors.AttrFor(one.Name, one.ID, one.Hint != "")
}

// Top returns the errors of the whole form.
func (o optionsForm) Top() site.FieldErrors {
	return site.FieldErrors{Field: o.Bot + "-options", Sentences: o.Errors[""]}
}

// Wrong returns the errors of an option.
func (o optionsForm) Wrong(one optionField) site.FieldErrors {
	return site.FieldErrors{Field: one.ID, Sentences: o.Errors[one.Name]}
}
