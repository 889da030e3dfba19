package bots

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gorm.io/gorm"

	"linienfunk/internal/secret"
)

// Core is what a bot gets from the program.
type Core struct {
	// Name is the bot's name: its directory.
	Name string

	// Config holds the values of Plugin.Config, by name: of all keys, those that nobody set with their default.
	Config map[string]string

	// BaseURL is the program's public address, without a slash at the end: https://example.org
	BaseURL string

	// Log carries the bot's name. Never log authors, tokens, addresses of people or texts of reports.
	Log *slog.Logger

	// DB is the program's database. It prefixes the names of the bot's tables.
	DB *gorm.DB

	// HTTP limits the time to connect and to get the response header, and refuses private addresses, because users may
	// enter any host. The body has no limit, for streams: give requests a context with a deadline. A request without
	// a User-Agent gets the program's.
	HTTP *http.Client

	// Now is the clock.
	Now func() time.Time

	// Box seals secrets before they go into the database.
	Box *secret.Box

	// Author makes the pseudonym for Report.Author out of a name or address. It is keyed and changes every
	// day: to compare, give the At of the report in hand.
	Author func(city, name string, at time.Time) string

	// Cities knows the cities.
	Cities Cities

	// Pages renders the bot's templates and texts.
	Pages Pages

	// Changed says that the accounts of a city have changed: its process is then started, restarted or stopped
	// at once, on whichever node it runs.
	Changed func(city string)

	// Events carries small messages between this bot's processes on all nodes.
	Events Events
}

// City is what a bot may know of a city.
type City struct {
	Name     string // the name in addresses: a-z, 0-9 and dashes, 2 to 32 characters
	Title    string // the name for people
	Lang     string // language of the city's own texts: "en", "de"
	Active   bool   // the city's main switch
	Revision string // changes when any of the city's settings does
	// Freshness is how long after Report.At a report is worth sending. The core sees to it, except for what a
	// bot hands on to others who send later, such as a mail queue.
	Freshness time.Duration
	// Zone is the city's time zone, for times that people read. Nil is time.Local; see In.
	Zone *time.Location
	// Options are what the city chose of Plugin.Options.
	Options Options
}

// In is t as the city's clocks show it.
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
	// OnChange registers f in New. On every node f is called after City returns the new settings of a city, or no longer
	// knows the city, one call at a time. f must return at once.
	OnChange(f func(city string))
}

// Events are messages that may get lost, unlike reports: use them to say that something in the database is new.
type Events interface {
	Publish(city string, data []byte) error
	// Subscribe calls f, one call at a time, for each event of the city until stop is called.
	Subscribe(city string, f func(data []byte)) (stop func(), err error)
}

// Pages renders a bot's templates, which see its data as ".", and its texts by {{t "id"}}, in the visitor's language.
type Pages interface {
	// Section answers with the template alone, as a fragment for a settings page or a city page.
	Section(w http.ResponseWriter, r *http.Request, template string, data any)
	// Page answers with the template inside the program's layout.
	Page(w http.ResponseWriter, r *http.Request, status int, title, template string, data any)
	// Done ends an action: it redirects (303) to the page that shows the section, with a message on top.
	// Failed does so with a message that the visitor did something wrong or that something did not work.
	Done(w http.ResponseWriter, r *http.Request, text string)
	Failed(w http.ResponseWriter, r *http.Request, text string)
	// Text translates id of the bot's texts into lang; pairs are names and values of the text's fields.
	Text(lang, id string, pairs ...any) string
}
