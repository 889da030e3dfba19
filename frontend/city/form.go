package city

import (
	"net/http"
	"strconv"
	"strings"

	"linienfunk/frontend/site"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// cityForm is the settings form as text: saved values, or what was sent, with mistakes. Fields are named as in the settings'
// JSON.
type cityForm struct {
	Base               chain.Hash // the version that the form was made from
	Title, Lang, About string
	Active, Listed     bool
	Numbers            bool
	withoutNumbers     bool // of a release without Numbers
	TimeZone           string
	Triggers, Blocked  string
	FreshnessMinutes   string
	NewestFirst        bool
	RepeatMinutes      string
	olderPage          bool // of a release without RepeatMinutes
	RelayEnds          bool
	RetentionHours     string
	Panic, HoldAll     bool
	HoldNew, HoldLinks bool
	HoldMany, Flags    string
	withoutModeration  bool   // of a release without these
	Note               string // the reason, for the history
	Try                tryForm
	Errors             site.FormErrors
}

func newCityForm(s settings.Snapshot) cityForm {
	return cityForm{
		Base: s.Hash, Title: s.Title, Lang: s.Lang, About: s.About, Active: s.Active, Listed: s.Listed, Numbers: s.Numbers, TimeZone: s.TimeZone,
		Triggers: strings.Join(s.Triggers, "\n"), Blocked: strings.Join(s.Blocked, "\n"),
		FreshnessMinutes: strconv.Itoa(s.FreshnessMinutes), NewestFirst: s.NewestFirst,
		RepeatMinutes: strconv.Itoa(int(s.Repeats().Minutes())), RelayEnds: s.RelayEnds, RetentionHours: strconv.Itoa(s.RetentionHours),
		Panic: s.Panic, HoldAll: s.HoldAll, HoldNew: s.HoldNew, HoldLinks: s.HoldLinks, HoldMany: strconv.Itoa(s.HoldMany), Flags: strconv.Itoa(s.FlagsToHold()),
		Errors: site.FormErrors{},
	}
}

func readCityForm(r *http.Request) cityForm {
	get := r.PostForm.Get
	form := cityForm{
		Base: chain.Hash(get("base")), Title: get("title"), Lang: get("lang"), About: get("about"),
		Active: get("active") != "", Listed: get("listed") != "", Numbers: get("numbers") == "on", TimeZone: get("time_zone"),
		Triggers: get("triggers"), Blocked: get("blocked"),
		FreshnessMinutes: get("freshness_minutes"), NewestFirst: get("newest_first") != "",
		RepeatMinutes: get("repeat_minutes"), RelayEnds: get("relay_ends") != "", RetentionHours: get("retention_hours"),
		Panic: get("panic") != "", HoldAll: get("hold_all") != "", HoldNew: get("hold_new") != "", HoldLinks: get("hold_links") != "",
		HoldMany: get("hold_many"), Flags: get("flags"),
		Note: get("note"), Try: readTryForm(r), Errors: site.FormErrors{},
	}
	form.olderPage = !r.PostForm.Has("repeat_minutes")
	form.withoutModeration = !r.PostForm.Has("flags")
	form.withoutNumbers = !r.PostForm.Has("numbers_shown")
	return form.tidy()
}

// tidy removes white space at the ends and normalizes line ends.
func (c cityForm) tidy() cityForm {
	c.Title, c.FreshnessMinutes = strings.TrimSpace(c.Title), strings.TrimSpace(c.FreshnessMinutes)
	c.RepeatMinutes, c.HoldMany, c.Flags = strings.TrimSpace(c.RepeatMinutes), strings.TrimSpace(c.HoldMany), strings.TrimSpace(c.Flags)
	c.RetentionHours, c.About = strings.TrimSpace(c.RetentionHours), strings.TrimSpace(site.LineEnds(c.About))
	c.Triggers, c.Blocked = site.LineEnds(c.Triggers), site.LineEnds(c.Blocked)
	return c
}

// changes returns the fields that differ from the form as it was shown, for settings.With. The others keep their value in the
// document, even if the form would write it differently.
func (c cityForm) changes(shown cityForm) map[string]any {
	shown = shown.tidy()
	if c.olderPage {
		c.RepeatMinutes, c.RelayEnds = shown.RepeatMinutes, shown.RelayEnds
	}
	if c.withoutModeration {
		c.Panic, c.HoldAll, c.HoldNew, c.HoldLinks, c.HoldMany, c.Flags = shown.Panic, shown.HoldAll, shown.HoldNew, shown.HoldLinks, shown.HoldMany, shown.Flags
	}
	if c.withoutNumbers {
		c.Numbers = shown.Numbers
	}
	changed := map[string]any{}
	for _, one := range []struct {
		field, is, was string
		value          any
	}{
		{"active", onOff(c.Active), onOff(shown.Active), c.Active},
		{"listed", onOff(c.Listed), onOff(shown.Listed), c.Listed},
		{"numbers", onOff(c.Numbers), onOff(shown.Numbers), c.Numbers},
		{"title", c.Title, shown.Title, c.Title},
		{"lang", c.Lang, shown.Lang, c.Lang},
		{"time_zone", c.TimeZone, shown.TimeZone, c.TimeZone},
		{"about", c.About, shown.About, c.About},
		{"triggers", trimEnd(c.Triggers), trimEnd(shown.Triggers), splitLines(c.Triggers)},
		{"blocked", trimEnd(c.Blocked), trimEnd(shown.Blocked), splitLines(c.Blocked)},
		{"freshness_minutes", c.FreshnessMinutes, shown.FreshnessMinutes, number(c.FreshnessMinutes)},
		{"newest_first", onOff(c.NewestFirst), onOff(shown.NewestFirst), c.NewestFirst},
		{"repeat_minutes", c.RepeatMinutes, shown.RepeatMinutes, number(c.RepeatMinutes)},
		{"relay_ends", onOff(c.RelayEnds), onOff(shown.RelayEnds), c.RelayEnds},
		{"retention_hours", c.RetentionHours, shown.RetentionHours, number(c.RetentionHours)},
		{"panic", onOff(c.Panic), onOff(shown.Panic), c.Panic},
		{"hold_all", onOff(c.HoldAll), onOff(shown.HoldAll), c.HoldAll},
		{"hold_new", onOff(c.HoldNew), onOff(shown.HoldNew), c.HoldNew},
		{"hold_links", onOff(c.HoldLinks), onOff(shown.HoldLinks), c.HoldLinks},
		{"hold_many", c.HoldMany, shown.HoldMany, number(c.HoldMany)},
		{"flags", c.Flags, shown.Flags, number(c.Flags)},
	} {
		if one.is != one.was {
			changed[one.field] = one.value
		}
	}
	return changed
}

func onOff(on bool) string { return strconv.FormatBool(on) }

// Rows is the height of a list's text area.
func (c cityForm) Rows(text string) int { return min(max(strings.Count(text, "\n")+2, 6), 18) }

// MaxNote is the maximum length of the note.
func (cityForm) MaxNote() int { return settings.MaxNote }

// splitLines keeps blank lines, so that line numbers match the form, but not those at the end.
func splitLines(text string) []string {
	if text = trimEnd(text); text == "" {
		return []string{}
	}
	return strings.Split(text, "\n")
}

func trimEnd(text string) string { return strings.TrimRight(text, "\n \t") }

// number is the value of a numeric field. Text that is not a number becomes -1, which is out of every range.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
