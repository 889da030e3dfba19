package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// postView is the data of post.html. The live stream renders that template without the core's functions, which render whole pages,
// so texts are fields.
type postView struct {
	ID       uint
	DateTime string // RFC 3339, for programs
	When     string // for people
	Age      string // "4 min ago"; When once it is an hour old
	Until    string // when the report is not fresh any more, RFC 3339
	Class    string // how fresh it is: new, old or past
	Badges   []badge
	Where    string // its stops, and after an arrow the directions; empty if none was read
	Text     string
	Rest     string // collapsed; empty for a short post
	More     string // label to expand Rest
	State    string // what has become of it; empty for most posts
	Over     bool
	Places   string // names for the filter, with | between them; empty if it has no place
	Flag     string // path of the page to object to it; empty if there is none
	FlagText string
}

func (b *bot) view(r *http.Request, p post) postView {
	text, rest := collapse(p.Text)
	city := bots.MountOf(r).City
	at := city.In(p.At)
	when := at.Format(b.text(r, "date-format"))
	if city.Zone == nil { // then riders may be in another zone than the server
		when += " " + b.text(r, "zone-name", "Zone", at.Format("MST"))
	}
	means := p.report().Means
	return postView{
		ID: p.ID, DateTime: p.At.UTC().Format(time.RFC3339), When: when, Age: b.age(r, p, when),
		Until: p.At.Add(city.Freshness).UTC().Format(time.RFC3339), Class: b.freshness(city, p), Badges: badges(means), Where: where(means),
		Text: text, Rest: rest, More: b.text(r, "list-whole"),
		State: b.state(r, p), Over: p.Ended != nil, Places: strings.Join(places(means), "|"),
		Flag: flagPath(r, p), FlagText: b.text(r, "list-flag"),
	}
}

// The classes of posts. live.js sets them, too, as time goes by.
const (
	classNew  = "new"  // the first third of the time in which a report is fresh
	classOld  = "old"  // the rest of it
	classPast = "past" // over, or not fresh any more
)

func (b *bot) freshness(city bots.City, p post) string {
	age := b.core.Now().Sub(p.At)
	switch {
	case p.Ended != nil || age >= city.Freshness:
		return classPast
	case age >= city.Freshness/3:
		return classOld
	}
	return classNew
}

func (b *bot) age(r *http.Request, p post, when string) string {
	age := b.core.Now().Sub(p.At)
	switch {
	case age < time.Minute:
		return b.text(r, "age-now")
	case age < time.Hour:
		return b.text(r, "age-minutes", "Count", int(age/time.Minute))
	}
	return when
}

func badges(m report.Reading) (all []badge) {
	for _, line := range m.Lines {
		all = append(all, badgeOf(line))
	}
	return all
}

func where(m report.Reading) string {
	text := names(m.Stops)
	if len(m.Directions) > 0 {
		text = strings.TrimSpace(text + " → " + names(m.Directions))
	}
	return text
}

func names(stops []report.Stop) string {
	var all []string
	for _, stop := range stops {
		all = append(all, stop.Name)
	}
	return strings.Join(all, ", ")
}

// state is kit.State in the visitor's language.
func (b *bot) state(r *http.Request, p post) string {
	mount := bots.MountOf(r)
	mount.City.Lang = mount.Lang
	return kit.State(b.core.Pages, mount.City, p.report())
}

// flagPath is the path of the core's page to object to a report, which names it by its key without the city; empty if the city wants no objections.
func flagPath(r *http.Request, p post) string {
	name, ok := strings.CutPrefix(p.Key, p.City+":")
	if !ok || !bots.MountOf(r).City.Flags {
		return ""
	}
	return cityPath(r) + "/flag/" + url.PathEscape(name)
}
