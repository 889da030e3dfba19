package frontend

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

// fieldTitle names a field for people. An option is named after its bot; a field that nobody knows keeps its raw name.
func (f *Frontend) fieldTitle(r *http.Request, field string) string {
	if id, ok := fieldTexts[field]; ok {
		return f.t(r, id)
	}
	if bot, option, ok := f.option(field); ok {
		return f.botTitle(f.lang(r), bot) + ": " + f.optionText(r, bot, option.Name)
	}
	return field
}

// option finds the option that a field is; false if it is none, or its bot is not in the program (any more).
func (f *Frontend) option(field string) (bot string, option bots.Option, ok bool) {
	parts := strings.SplitN(field, ".", 3)
	if len(parts) < 3 || f.botSet(parts[1]) == nil {
		return "", option, false
	}
	for _, one := range f.Settings.Schema().Options[parts[1]] {
		if one.Name == parts[2] {
			return parts[1], one, true
		}
	}
	return "", option, false
}

// optionText is one of the texts that a bot has for its options, see bots.Option.
func (f *Frontend) optionText(r *http.Request, bot string, name ...string) string {
	return f.botText(f.lang(r), bot, optionID(name...))
}

func optionID(name ...string) string {
	return "option-" + strings.ReplaceAll(strings.Join(name, "-"), "_", "-")
}

// value is a field's value in words. nil is a field that is not there; an option then has its default.
func (f *Frontend) value(r *http.Request, field string, value any) string {
	if _, option, ok := f.option(field); ok && value == nil {
		value = option.Default
	}
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return f.onOff(r, v)
	case string:
		return f.word(r, field, v)
	case []string:
		return strings.Join(v, "\n")
	case float64:
		return strings.TrimSpace(strconv.FormatFloat(v, 'f', -1, 64) + " " + f.unit(r, field))
	}
	text, _ := json.Marshal(value) // as encoding/json has read it
	return string(text)
}

func (f *Frontend) onOff(r *http.Request, on bool) string {
	if on {
		return f.t(r, "switch-on")
	}
	return f.t(r, "switch-off")
}

// word is what people call a text that is one of several.
func (f *Frontend) word(r *http.Request, field, text string) string {
	switch {
	case field == "lang" && templates.Known(text):
		return f.languageName(text)
	case field == "time_zone" && text == "":
		return f.t(r, "zone-server")
	}
	if bot, option, ok := f.option(field); ok && option.Kind == bots.Choice && option.Check(text) == nil {
		return f.optionText(r, bot, option.Name, text)
	}
	return text
}

func (f *Frontend) unit(r *http.Request, field string) string {
	switch field {
	case "freshness_minutes":
		return f.t(r, "unit-minutes")
	case "retention_hours":
		return f.t(r, "unit-hours")
	}
	return ""
}
