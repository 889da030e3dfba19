package frontend

import (
	"net/http"
	"strconv"
	"strings"

	"linienfunk/settings"
)

// cityForm is the settings form as text: what is saved, or what somebody sent, mistakes included. Fields are named
// as in the settings' JSON.
type cityForm struct {
	Base               string // the revision that it was made from
	Title, Lang, About string
	Active, Listed     bool
	Triggers, Blocked  string
	FreshnessMinutes   string
	RetentionHours     string
	Errors             formErrors
	Theirs             map[string]string // after a conflict: what is saved by now, where it differs
}

func newCityForm(s settings.Snapshot) cityForm {
	return cityForm{
		Base: s.Revision, Title: s.Title, Lang: s.Lang, About: s.About, Active: s.Active, Listed: s.Listed,
		Triggers: strings.Join(s.Triggers, "\n"), Blocked: strings.Join(s.Blocked, "\n"),
		FreshnessMinutes: strconv.Itoa(s.FreshnessMinutes), RetentionHours: strconv.Itoa(s.RetentionHours),
		Errors: formErrors{},
	}
}

func readCityForm(r *http.Request) cityForm {
	get := r.PostForm.Get
	return cityForm{
		Base: get("revision"), Title: strings.TrimSpace(get("title")), Lang: get("lang"),
		About: strings.TrimSpace(lineEnds(get("about"))), Active: get("active") != "", Listed: get("listed") != "",
		Triggers: lineEnds(get("triggers")), Blocked: lineEnds(get("blocked")),
		FreshnessMinutes: strings.TrimSpace(get("freshness_minutes")),
		RetentionHours:   strings.TrimSpace(get("retention_hours")), Errors: formErrors{},
	}
}

// settings are the form's values. What is no number becomes -1, which no limit allows.
func (c cityForm) settings() settings.Settings {
	return settings.Settings{
		Title: c.Title, Lang: c.Lang, About: c.About, Active: c.Active, Listed: c.Listed,
		Triggers: splitLines(c.Triggers), Blocked: splitLines(c.Blocked),
		FreshnessMinutes: number(c.FreshnessMinutes), RetentionHours: number(c.RetentionHours),
	}
}

// compare fills Theirs.
func (c *cityForm) compare(theirs cityForm, yes, no string) {
	c.Theirs = map[string]string{}
	word := map[bool]string{true: yes, false: no}
	for _, field := range []struct{ name, mine, theirs string }{
		{"title", c.Title, theirs.Title},
		{"lang", c.Lang, theirs.Lang},
		{"about", c.About, theirs.About},
		{"active", word[c.Active], word[theirs.Active]},
		{"listed", word[c.Listed], word[theirs.Listed]},
		{"triggers", strings.TrimSpace(c.Triggers), strings.TrimSpace(theirs.Triggers)},
		{"blocked", strings.TrimSpace(c.Blocked), strings.TrimSpace(theirs.Blocked)},
		{"freshness_minutes", c.FreshnessMinutes, theirs.FreshnessMinutes},
		{"retention_hours", c.RetentionHours, theirs.RetentionHours},
	} {
		if field.mine != field.theirs {
			c.Theirs[field.name] = field.theirs
		}
	}
}

// theirs is what the template "theirs" shows.
type theirs struct {
	Differs bool
	Text    string
}

// Their returns what somebody else saved in a field meanwhile.
func (c cityForm) Their(field string) theirs {
	text, ok := c.Theirs[field]
	return theirs{ok, text}
}

// Rows is how high the box of a list should be.
func (c cityForm) Rows(text string) int { return min(max(strings.Count(text, "\n")+2, 6), 18) }

// splitLines keeps blank lines, so that line numbers are the ones people see; those at the end go.
func splitLines(text string) []string {
	text = strings.TrimRight(text, "\n \t")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func lineEnds(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
