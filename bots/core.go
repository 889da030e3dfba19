package bots

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
	"linienfunk/report"
)

// Core is what a bot gets. What takes a context is safe for concurrent use.
type Core struct {
	Name    string            // the bot's name: its directory
	Config  map[string]string // values of all keys of Plugin.Config, by name; the default where the operator set none
	BaseURL string            // the program's public address, without a slash at the end: https://example.org
	Log     *slog.Logger      // carries the bot's name; no authors, tokens, addresses of people or texts of reports
	DB      *gorm.DB          // the program's database; table names get the bot's prefix
	Now     func() time.Time  // the clock
	Box     *secret.Box       // seals secrets before they are stored
	Limits  *limits.Group     // makes rate limiters, which count on all nodes together
	Cities  Cities
	Pages   Pages
	Events  Events
	// HTTP refuses private addresses, since users may enter any host, and limits the time until the response's header only: give requests a deadline.
	HTTP *http.Client
	// Changed announces that accounts of a city have changed: they are started, restarted or stopped at once, on any node.
	Changed func(city string)
}

// Author returns Report.Author for the name or address of who wrote it.
func (c Core) Author(city, name string, at time.Time) string {
	if c.Cities != nil && c.Cities.SenderBlocked(name) {
		return report.BlockedAuthor
	}
	return c.Box.Pseudonym(city, c.Name, name, at) + c.Box.Mark(city, c.Name, name)
}

// Wrote reports whether name is the author of a report that is to be sent.
func (c Core) Wrote(r report.Report, name string) bool {
	author, _ := report.SplitAuthor(r.Author) // one that was just received has its mark, too
	return r.Bot == c.Name && author != "" && author == c.Box.Pseudonym(r.City, c.Name, name, r.At)
}

// City is what a bot may know of a city.
type City struct {
	Name      string                           // in addresses: a-z, 0-9 and dashes, 2 to 32 characters
	Title     string                           // the name for people
	Lang      string                           // language of the city's own texts: "en", "de"
	Active    bool                             // not switched off
	Revision  string                           // changes with any of the city's settings
	Zone      *time.Location                   // for times that people read; nil is time.Local; see In
	Options   Options                          // the city's values of Plugin.Options
	Read      func(text string) report.Reading // with the city's lines and stops; waits for at most 2 seconds
	Flags     bool                             // riders can object to reports
	Freshness time.Duration                    // how long after Report.At a report is sent; the core enforces it, except in queues of the bot's own
	Moved     string                           // the address to which the city says that it has moved; empty for none
}

// In returns t in the city's time zone.
func (c City) In(t time.Time) time.Time {
	if c.Zone == nil {
		return t.Local()
	}
	return t.In(c.Zone)
}

// Cities reads the settings of cities from memory.
type Cities interface {
	City(ctx context.Context, name string) (City, bool, error)
	// All lists all cities by name, active or not.
	All(ctx context.Context) ([]City, error)
	// OnChange registers f in New. On every node f is called after City returns the new settings of a city, or no longer knows it, one call at a time. f must return at once.
	OnChange(f func(city string))
	SenderBlocked(name string) bool // the operator takes nothing from somebody: see Author
	ServerBlocked(host string) bool // no city may have an account there
}

// Events carries small messages between the nodes. They may get lost: use them to announce new rows, not to carry data.
type Events interface {
	Publish(city string, data []byte) error
	// Subscribe calls f for each event of the city until stop is called, one call at a time.
	Subscribe(city string, f func(data []byte)) (stop func(), err error)
}

// Pages renders a bot's templates, in the visitor's language. Templates get data as "." and the bot's texts with {{t "id"}}.
type Pages interface {
	// Section answers with the bare template, a fragment for a settings page or a city's page.
	Section(w http.ResponseWriter, r *http.Request, template string, data any)
	// Page answers with the template inside the program's layout.
	Page(w http.ResponseWriter, r *http.Request, status int, title, template string, data any)
	// Done ends an action: it redirects (303) to the page with the section and shows a message of success there; Failed one of failure.
	Done(w http.ResponseWriter, r *http.Request, text string)
	Failed(w http.ResponseWriter, r *http.Request, text string)
	// Text returns the bot's text with the id in lang; pairs are names and values of its fields.
	Text(lang, id string, pairs ...any) string
}
