// Package commands is what people can do to a city: the one implementation behind the pages, the chats, the API and the command line. A command has a name, parameters,
// a level that it needs, and a result, which is data; it knows no network and no page. To add one, add it to a list in registry.go, with its texts in locale.*.toml: the page
// of commands, every chat, the API and the command line have it.
//
//	registry.go      the list
//	run.go           what happens to every command: permission, check of the values, once for each key, telling others
//	reports.go, lists.go, city.go, settings.go, undo.go, subscribers.go, people.go, invitations.go, links.go, places.go    what each does
//	versions.go      the history of the settings
//	place_cache.go   the lists of what cities' accounts see in their networks, for all nodes
//	moderation.go    what a moderator sees first, objections of riders, and what became of their reports
//	correct.go       lets a rider correct a report that has none of the city's words
//	log.go           what those who run a city have done
//	chat.go          messages of people, which are commands, and answers
//	network.go       the city's lines and stops
//	operator.go      what the operator does to cities and to the instance
//	announcements.go what the operator has to say
//	blocks.go        from whom nothing is taken on the whole instance
//	registration.go  who can register a city
//	export.go        writes all of a city into a file
//	ending.go        deletes a city, after a day in which that can be stopped
//	moving.go        says that a city has moved to another instance, and asks its subscribers whether they go along
//	arrival.go, arriving.go    read the file of a city from another instance, and take it in
//	info.go          where those who run a city are told together: its info channel
//	held_mails.go    mails those who hear of it nowhere else that something waits for a moderator
//	notices.go       tells them, and those who have linked a chat, what others did, and what is held
package commands

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/ending"
	"linienfunk/bots/places"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/observe"
	"linienfunk/internal/secret"
	"linienfunk/mail"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/templates"
	"linienfunk/transit"
)

//go:embed locale.*.toml
var files embed.FS

// Files are the texts of the commands, for pages that show them.
func Files() fs.FS { return files }

// Settings reads and changes the settings of cities; *settings.Node is one.
type Settings interface {
	Get(ctx context.Context, city string) (settings.Snapshot, bool, error)
	All(ctx context.Context) ([]settings.Snapshot, error)
	Submit(ctx context.Context, d settings.Draft) (settings.Snapshot, error)
	View(bot string, s settings.Snapshot) bots.City
	Schema() settings.Schema
}

// History keeps every version of the settings of cities; *settings.Storage is one.
type History interface {
	History(ctx context.Context, city string) ([]settings.Version, error)
}

// Deps are the parts of the program that commands use.
type Deps struct {
	DB       *db.DB   // the core's tables
	Tables   *gorm.DB // those of this package: see Migrations
	Settings Settings
	History  History
	Box      *secret.Box
	Log      *slog.Logger
	Now      func() time.Time
	Observer *observe.Observer // may be nil
	Limits   *limits.Group
	Transit  *transit.Store   // the networks of lines and stops
	Imports  *transit.Imports // of feeds

	// Mail sends invitations, whose links begin with BaseURL. Domain is that of the cities' own addresses, to which none is sent.
	Mail            mail.Queue
	BaseURL, Domain string
	// EndPrograms ends what programs may do to a city, or to all if it is empty, in the name of an admin who has allowed it since a time, in a transaction; announce says so to all nodes after it. May
	// be nil.
	EndPrograms func(tx *gorm.DB, city string, admin uint, since time.Time) (announce func(), err error)

	// Publish stores a report, a withdrawal or a ruling in REPORTS.
	Publish func(ctx context.Context, r report.Report) error
	// HideID is supervisor.Config.HideID.
	HideID func(key string) string
	// Status returns the states of a city's accounts.
	Status func(city string) []supervisor.Status
	// Changed is called after a city's settings were saved.
	Changed func(city string)
	// Registration is who can register a city: a value of config.Config.Registration, or empty for everybody. Operators are told of those that wait.
	Registration string
	Operators    []string
	// Instance is what "instance status" says; may be nil.
	Instance func(ctx context.Context) (InstanceStatus, error)
	// CheckMail checks the DNS records that mail needs; may be nil.
	CheckMail func(ctx context.Context) ([]mail.Finding, error)
	// InstanceChanged has all nodes read again what is stored about the whole instance: Stops. May be nil.
	InstanceChanged func(ctx context.Context) error
	// MailNetworks are the networks whose people have mail addresses, and Senders all networks from which reports come, by the names of their bots: see SenderBlocked.
	MailNetworks map[string]bool
	Senders      []string
	// Networks are the networks with chats, by the names of their bots.
	Networks map[string]chat.Network
	// Announcers are the networks whose subscribers hear that a city ends, and Leavers those from whose accounts the program signs out, by the names of their bots.
	Announcers map[string]ending.Announcer
	Leavers    map[string]ending.Leaver
	Rosters    map[string]ending.Roster // of subscribers, for the file with all of a city
	Movers     map[string]ending.Mover  // whose subscribers can go along to another instance
	// PrivateHosts says that addresses may lead to this machine and private networks: config.Config.Outgoing.AllowPrivate.
	PrivateHosts bool
	// DeleteCity deletes all rows about a city in one transaction, which last ends. SweepCity removes what is not in rows, on all nodes. Both may be called again.
	DeleteCity func(ctx context.Context, city string, last func(tx *gorm.DB) error) error
	SweepCity  func(ctx context.Context, city string) error
	// Places are the networks with places, by the names of their bots.
	Places map[string]places.Network
	// Title returns a network's name for people, and Translate one of its texts.
	Title     func(lang, bot string) string
	Translate func(lang, bot, id string) string
}

// Commands runs commands. It is safe for concurrent use.
type Commands struct {
	Deps
	HistoryTime time.Duration // how long a command waits until a change that is in force is in the history; New sets it to two seconds

	registry  []Command
	byName    map[string]*Command
	texts     *templates.Set
	words     map[string]*Command // by what people write
	codes     codeLimits
	invites   inviteLimits
	infos     infoLimits
	blocks    atomic.Pointer[blocks]         // nil until ReadBlocks
	announced atomic.Pointer[[]Announcement] // nil until ReadAnnouncements

	arrivals  chan struct{} // holds a token for the call that has the file of a city in memory
	feedSlots chan struct{} // holds a token for each call that has the network of a feed in memory
}

// New makes the commands. An error is a mistake in the program's texts.
func New(deps Deps) (*Commands, error) {
	texts, err := templates.New(files)
	if err != nil {
		return nil, err
	}
	if deps.Limits == nil { // for the texts alone
		deps.Limits = limits.NewGroup(time.Now)
	}
	c := &Commands{
		Deps: deps, HistoryTime: historyTime, texts: texts, registry: registry(), byName: map[string]*Command{}, codes: newCodeLimits(deps.Limits), invites: newInviteLimits(deps.Limits),
		infos: newInfoLimits(deps.Limits), feedSlots: make(chan struct{}, 2), arrivals: make(chan struct{}, 1),
	}
	for i := range c.registry {
		c.byName[c.registry[i].Name] = &c.registry[i]
	}
	c.words = c.readWords()
	return c, nil
}

// All lists the commands.
func (c *Commands) All() []Command { return c.registry }

// Find returns a command by its name.
func (c *Commands) Find(name string) (Command, bool) {
	command, ok := c.byName[name]
	if !ok {
		return Command{}, false
	}
	return *command, true
}

// Text returns a text of this package.
func (c *Commands) Text(lang, id string, pairs ...any) string {
	return c.texts.Text(lang, id, pairs...)
}
