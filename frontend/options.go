package frontend

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// optionsForm is the form of a bot's options, for options.html.
type optionsForm struct {
	City, Bot string
	Base      chain.Hash // the version that it was made from
	Options   []optionField
	Errors    formErrors // by the fields' names
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

// longOption is from how many characters on a text gets several lines.
const longOption = 120

// newOptionsForm makes the form with values for a bot's options.
func (f *Frontend) newOptionsForm(r *http.Request, city, bot string, base chain.Hash, values bots.Options) *optionsForm {
	form := &optionsForm{City: city, Bot: bot, Base: base, Errors: formErrors{}}
	for _, o := range f.Settings.Schema().Options[bot] {
		one := optionField{
			Name: optionName(o), ID: bot + "-" + optionID(o.Name), Label: f.optionText(r, bot, o.Name), Hint: f.optionHint(r, bot, o),
			Kind: o.Kind, On: values.On(o.Name), Text: values.Text(o.Name), Min: o.Min, Max: o.Max, Long: o.Kind == bots.Text && o.Max > longOption,
		}
		if _, typed := values[o.Name].(string); o.Kind == bots.Number && !typed { // what is no number is shown as it was typed
			one.Text = strconv.Itoa(values.Number(o.Name))
		}
		for _, choice := range o.Choices {
			one.Choices = append(one.Choices, optionChoice{choice, f.optionText(r, bot, o.Name, choice), choice == one.Text})
		}
		form.Options = append(form.Options, one)
	}
	return form
}

// optionName is the name of an option's input: other inputs have other names.
func optionName(o bots.Option) string { return "option." + o.Name }

// optionHint is the sentence below an option's label, if the bot has one.
func (f *Frontend) optionHint(r *http.Request, bot string, o bots.Option) string {
	id := optionID(o.Name, "hint")
	if hint := f.botText(f.lang(r), bot, id); hint != id {
		return hint
	}
	return ""
}

// options renders the form of a bot's options for its section; wrong is one that somebody sent, with its mistakes.
func (f *Frontend) options(r *http.Request, city settings.Snapshot, bot string, wrong *optionsForm) (template.HTML, error) {
	if len(f.Settings.Schema().Options[bot]) == 0 {
		return "", nil
	}
	form := wrong
	if form == nil || form.Bot != bot {
		form = f.newOptionsForm(r, city.City, bot, city.Hash, f.Settings.View(bot, city).Options)
	}
	var out bytes.Buffer
	err := f.set.Render(&out, f.lang(r), "options.html", form)
	return template.HTML(strings.TrimSpace(out.String())), err // rendered by html/template just now
}

// Attr connects an option's input with its hint and its errors.
func (o optionsForm) Attr(one optionField) template.HTMLAttr {
	return o.Errors.attr(one.Name, one.ID, one.Hint != "")
}

// Top is what is wrong with the form as a whole.
func (o optionsForm) Top() fieldErrors { return fieldErrors{o.Bot + "-options", o.Errors[""]} }

// Wrong is what is wrong with an option.
func (o optionsForm) Wrong(one optionField) fieldErrors {
	return fieldErrors{one.ID, o.Errors[one.Name]}
}
