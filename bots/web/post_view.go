package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
)

// postView is the data of post.html. The live stream renders that template without the core's functions, which render whole pages,
// so texts are fields.
type postView struct {
	ID       uint
	DateTime string // RFC 3339, for programs
	When     string // for people
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
	return postView{
		ID: p.ID, DateTime: p.At.UTC().Format(time.RFC3339), When: when,
		Text: text, Rest: rest, More: b.text(r, "list-whole"),
		State: b.state(r, p), Over: p.Ended != nil, Places: strings.Join(places(p.report().Means), "|"),
		Flag: flagPath(r, p), FlagText: b.text(r, "list-flag"),
	}
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
