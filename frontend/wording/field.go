package wording

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/templates"
)

// fieldTexts are the texts that name the fields of a city's settings.
var fieldTexts = map[string]string{
	"active": "city-active", "listed": "city-listed", "title": "city-title", "lang": "city-lang", "time_zone": "city-zone",
	"about": "city-about", "triggers": "city-triggers", "blocked": "city-blocked",
	"freshness_minutes": "city-freshness", "retention_hours": "city-retention",
}

// hasTitle reports whether a field is one of the settings form.
func HasTitle(field string) bool { return fieldTexts[field] != "" }

// fieldTitle names a field for people. An option is named after its bot; a field that nobody knows keeps its raw name.
func (w *Wording) Title(r *http.Request, field string) string {
	if id, ok := fieldTexts[field]; ok {
		return w.Text(r, id)
	}
	if bot, option, ok := w.Option(field); ok {
		return w.bots.Title(w.Lang(r), bot) + ": " + w.OptionText(r, bot, option.Name)
	}
	return field
}

// option finds the option that a field is; false if it is none, or its bot is not in the program (any more).
func (w *Wording) Option(field string) (bot string, option bots.Option, ok bool) {
	parts := strings.SplitN(field, ".", 3)
	if len(parts) < 3 || w.bots.Set(parts[1]) == nil {
		return "", option, false
	}
	for _, one := range w.Settings.Schema().Options[parts[1]] {
		if one.Name == parts[2] {
			return parts[1], one, true
		}
	}
	return "", option, false
}

// optionText is one of the texts that a bot has for its options, see bots.Option.
func (w *Wording) OptionText(r *http.Request, bot string, name ...string) string {
	return w.bots.Translate(w.Lang(r), bot, OptionID(name...))
}

func OptionID(name ...string) string {
	return "option-" + strings.ReplaceAll(strings.Join(name, "-"), "_", "-")
}

// value is a field's value in words. nil is a field that is not there; an option then has its default.
func (w *Wording) inWords(r *http.Request, field string, value any) string {
	if _, option, ok := w.Option(field); ok && value == nil {
		value = option.Default
	}
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return w.onOff(r, v)
	case string:
		return w.word(r, field, v)
	case []string:
		return strings.Join(v, "\n")
	case float64:
		return strings.TrimSpace(strconv.FormatFloat(v, 'f', -1, 64) + " " + w.unit(r, field))
	}
	text, _ := json.Marshal(value) // as encoding/json has read it
	return string(text)
}

func (w *Wording) onOff(r *http.Request, on bool) string {
	if on {
		return w.Text(r, "switch-on")
	}
	return w.Text(r, "switch-off")
}

// word is what people call a text that is one of several.
func (w *Wording) word(r *http.Request, field, text string) string {
	switch {
	case field == "lang" && templates.Known(text):
		return w.LanguageName(text)
	case field == "time_zone" && text == "":
		return w.Text(r, "zone-server")
	}
	if bot, option, ok := w.Option(field); ok && option.Kind == bots.Choice && option.Check(text) == nil {
		return w.OptionText(r, bot, option.Name, text)
	}
	return text
}

func (w *Wording) unit(r *http.Request, field string) string {
	switch field {
	case "freshness_minutes":
		return w.Text(r, "unit-minutes")
	case "retention_hours":
		return w.Text(r, "unit-hours")
	}
	return ""
}
