package wording

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"linienfunk/bots"
	"linienfunk/settings"
	"linienfunk/templates"
)

// fieldTexts are the ids of the titles of a city's settings.
var fieldTexts = map[string]string{
	"active": "city-active", "listed": "city-listed", "numbers": "city-numbers", "title": "city-title", "lang": "city-lang", "time_zone": "city-zone",
	"about": "city-about", "triggers": "city-triggers", "blocked": "city-blocked", "network": "city-network", "stop_names": "city-stop-names",
	"freshness_minutes": "city-freshness", "newest_first": "city-newest", "repeat_minutes": "city-repeats", "relay_ends": "city-ends", "retention_hours": "city-retention",
	"panic": "city-panic", "hold_all": "city-hold-all", "hold_new": "city-hold-new", "hold_links": "city-hold-links", "hold_many": "city-hold-many", "flags": "city-flags",
}

// InForm reports whether a field belongs to the settings form.
func InForm(field string) bool { return fieldTexts[field] != "" && !OfNetwork(field) }

// OfNetwork reports whether a field belongs to the page with lines and stops.
func OfNetwork(field string) bool { return field == "network" || field == "stop_names" }

// Title is a field's name for people. An option has the name of its bot before it; an unknown field keeps its raw name.
func (w *Wording) Title(r *http.Request, field string) string {
	if id, ok := fieldTexts[field]; ok {
		return w.Text(r, id)
	}
	if bot, option, ok := w.Option(field); ok {
		return w.bots.Title(w.Lang(r), bot) + ": " + w.OptionText(r, bot, option.Name)
	}
	return field
}

// Option returns the bot's option that a field contains; ok is false if the field is not an option of a bot in the program.
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

// OptionText returns one of the texts that a bot has for its options, see bots.Option.
func (w *Wording) OptionText(r *http.Request, bot string, name ...string) string {
	return w.bots.Translate(w.Lang(r), bot, OptionID(name...))
}

func OptionID(name ...string) string {
	return "option-" + strings.ReplaceAll(strings.Join(name, "-"), "_", "-")
}

// defaults are the values of fields that a document need not have.
var defaults = map[string]any{"numbers": false, "newest_first": false, "relay_ends": false, "panic": false, "hold_all": false, "hold_new": false, "hold_links": false, "hold_many": 0.0, "flags": float64(settings.Settings{}.FlagsToHold()), "repeat_minutes": settings.Settings{}.Repeats().Minutes()}

// format describes a value. nil means that the document does not have the field; an option then has its default.
func (w *Wording) format(r *http.Request, field string, value any) string {
	if _, option, ok := w.Option(field); ok && value == nil {
		value = option.Default
	}
	if value == nil {
		value = defaults[field]
	}
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return w.onOff(r, v)
	case string:
		return w.choiceName(r, field, v)
	case []string:
		return strings.Join(v, "\n")
	case float64:
		return strings.TrimSpace(strconv.FormatFloat(v, 'f', -1, 64) + " " + w.unit(r, field))
	}
	text, _ := json.Marshal(value) // a value from encoding/json
	return string(text)
}

func (w *Wording) onOff(r *http.Request, on bool) string {
	if on {
		return w.Text(r, "switch-on")
	}
	return w.Text(r, "switch-off")
}

// choiceName is the name of a value that is one of several choices.
func (w *Wording) choiceName(r *http.Request, field, text string) string {
	switch {
	case field == "network" && text != "":
		return w.network(r, text)
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

// network says how large a network is, and what tells it from others of that size.
func (w *Wording) network(r *http.Request, hash string) string {
	short := hash[:min(len(hash), 8)]
	lines, stops, err := w.Networks.Size(r.Context(), hash)
	if err != nil { // it is not stored here, or no longer
		return w.Text(r, "network-unknown", "Hash", short)
	}
	return w.Text(r, "network-size", "Lines", lines, "Stops", stops, "Hash", short)
}

func (w *Wording) unit(r *http.Request, field string) string {
	switch field {
	case "freshness_minutes", "repeat_minutes":
		return w.Text(r, "unit-minutes")
	case "retention_hours":
		return w.Text(r, "unit-hours")
	}
	return ""
}
