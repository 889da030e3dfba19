// Package bots is the contract between the program's core and its networks.
//
// A bot is one network, wholly: a directory bots/<name> with its own recv.go, send.go, db.go, webui.go, pages and
// texts. The directory's name is the bot's only name; it prefixes the bot's tables, and stands in NATS subjects,
// addresses of pages and log lines. `go generate ./bots/...` rewrites bots/all from the directories that are there,
// and that is all it takes to add one (docs/add-a-network.md leads through it). Package bottest holds the rules
// that follow as a test suite which every bot passes.
//
// A bot imports this package, report and libraries; never another bot and never NATS. It never stores or logs
// an author, a token in the clear, or the text of a report.
package bots

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"

	"linienfunk/report"
)

// Plugin is what a bot's package returns from its function `Plugin() bots.Plugin`.
type Plugin struct {
	// New makes the bot, once per process, before anything else is called. It must not start goroutines or
	// talk to the network. An error stops the program.
	New func(Core) (Bot, error)

	// Migrations make and change the bot's tables. They run in order, each once, before New. The handle that
	// they get (and Core.DB) prefixes the names of tables with the bot's name, so that a struct Account becomes
	// <name>_accounts.
	Migrations []*gormigrate.Migration

	// Options are what a city's admins may choose about the network.
	Options []Option

	// Config are keys that the operator may set in the configuration, as bots.<name>.<key>. New finds them in
	// Core.Config, and returns an error that names the key if a value cannot work.
	Config []ConfigKey

	// Limits are what the network, or the bot, cannot do or does not allow, a short sentence each. They stand in
	// docs/networks.md; the bot's README says more.
	Limits []string

	// Files holds the bot's html/template files (*.html) and its texts (locale.en.toml, locale.de.toml), all
	// parsed when the program starts. May be nil.
	Files fs.FS
}

// ConfigKey is a key of the operator's configuration. Its value is text.
type ConfigKey struct {
	Name    string // a-z, 0-9 and "_"
	Help    string // one line, for the file that `linienfunk config` prints
	Secret  bool   // never shown
	Default string
}

// Named is a Plugin with its directory's name, as bots/all lists it.
type Named struct {
	Name string
	Plugin
}

// Bot is the part that every network has. What else it can do it says by implementing Receiver, Sender, Broadcaster,
// Listener, Public, Rooted, Retracter, Canceler, Observer, Pruner or Demonstrator, found by type assertion. All methods may be called at the same time from
// different goroutines. A panic in any of them is caught, logged and counted as an error of that call.
type Bot interface {
	// Accounts lists the accounts that this network should run, at most one per city: of the cities that
	// connected it, those that are active and that did not switch it off. It is asked at start, whenever
	// Core.Changed was called, and now and then; an error leaves everything as it was.
	Accounts(ctx context.Context) ([]Account, error)

	// WebUI serves the settings of one city's account to the city's admins; MountOf(r) says which city, and where it
	// is mounted. The paths of its requests begin behind the mount point, with a slash. Its answer to GET / is a fragment (Pages.Section) that the city's settings page shows; other paths are
	// actions and pages of the bot's own. No GET changes anything. After a change it calls Core.Changed.
	WebUI() http.Handler
}

// Account is a city's presence in a network.
type Account struct {
	City string

	// Revision changes whenever the process must be restarted to see a change: new credentials, new options.
	// It is stored and logged; it must not be, or tell, a secret.
	Revision string

	// Label is what the city's admins recognise the account by, such as @zuerich@example.social. Not a secret.
	Label string
}

// Out takes one received report. It returns nil only when the report is stored durably: only then may the bot move its
// read position, confirm the update, or answer 250. After an error the bot must hand in the same report again,
// now or after a restart, under the same ID. Handing in a report twice is harmless.
//
// When the author deletes what was handed in, and the network tells, the bot hands in a report of the same ID with
// Withdrawn set to report.ByAuthor: it is then taken back wherever it went. An edited message is no second report, and
// changes nothing in the first.
type Out func(ctx context.Context, r report.Report) error

// Receiver is a network that is read per account.
type Receiver interface {
	// Recv receives reports of one account until ctx ends, then returns promptly. It runs in the account's
	// own process: an error or panic (see Permanent, RetryAfter, Revoked) restarts it after a jittered,
	// growing pause, and touches no other account. Recv keeps its own read position, in its own table.
	// It leaves out the account's own posts and those of other bots.
	Recv(ctx context.Context, a Account, out Out) error
}

// CityOut is Out for bots that receive for all cities at once. The city must be one that Core.Cities knows; it need not
// have an account.
type CityOut func(ctx context.Context, city string, r report.Report) error

// Listener is a network that is received at one place for all cities, such as an SMTP server.
type Listener interface {
	// Listen serves until ctx ends, then returns within 5 seconds. Errors restart it as they do Recv. It runs on
	// every node that serves pages, so that a bot's handlers may use out, too; see Intake.
	Listen(ctx context.Context, out CityOut) error
}

// Sender is a network to which one post carries a report to all its readers.
type Sender interface {
	// Send carries r to the network as a. The calls for one account come one after the other, in the order of
	// the verdicts. ctx has a deadline (a minute). r may have come from this same account; a bot may then
	// repost the original, unless it is private. After an error that is not Permanent or Revoked the same
	// call is made again, until the report expires; so it is after a crash, even if the network had taken it.
	// A bot hands r.Key() to networks that know idempotency keys.
	Send(ctx context.Context, a Account, r report.Report) (report.Receipt, error)
}

// Broadcaster is a network where a report goes to single subscribers. A bot is a Sender or a Broadcaster, not both.
type Broadcaster interface {
	// SendPage sends r to some of a's subscribers, those that come next after cursor, and returns a cursor
	// behind the last one served, and how many were served. The first cursor is empty; an empty one in the
	// answer ends the broadcast. The core stores each cursor before it asks for the next page and goes on
	// there after an error or a crash: a page that fails in its middle returns the cursor it has reached
	// together with the error. The author of r (Core.Author) is left out.
	SendPage(ctx context.Context, a Account, r report.Report, cursor string) (next string, served int, err error)
}

// Public is a network with pages that need no login.
type Public interface {
	// Public serves /c/<city>/<bot>/ (MountOf(r) has the city) and /bots/<bot>/ (it has none; for addresses
	// that must be the same for all cities, as OAuth callbacks are). Paths begin behind that. GET /c/<city>/<bot>/ answers with a
	// fragment (Pages.Section) for the city's page, or with 204 if there is nothing to show.
	Public() http.Handler
}

// Rooted is a Public network that also serves some file names right below a city's page: /c/<city>/<file>.
type Rooted interface {
	Public
	// Files lists the names; Public gets them as /<file>. No two bots may claim the same one; that stops the program at its start.
	Files() []string
}

// Retracter is a network where a sent report can be taken back.
type Retracter interface {
	// Retract removes what Send answered with, because the report was withdrawn. A post that is gone already is no
	// error. ctx has a deadline (10 seconds). After an error that is not Permanent or Revoked the call is made again
	// for a day, between the calls of Send.
	Retract(ctx context.Context, a Account, sent report.Receipt) error
}

// Canceler is a Broadcaster whose messages wait for a while before they leave.
type Canceler interface {
	// Cancel ends what still waits of a report that was sent and then withdrawn: r has its City, Bot and ID, and so its Key. When
	// nothing waits any more the error is Permanent. Deadline and repetitions are those of Retract.
	Cancel(ctx context.Context, a Account, r report.Report) error
}

// Demonstrator is a network that can show something in the demo, where nobody has an account anywhere.
type Demonstrator interface {
	// Demo prepares the city, once more at each start.
	Demo(ctx context.Context, city string) error
}

// Observer is a network that wants to know at once when a city's settings have changed.
type Observer interface {
	// SettingsChanged is called on every node, after Core.Cities has the new settings, one call at a time. It must
	// return at once.
	SettingsChanged(city string)
}

// Pruner is a network that keeps texts of reports in its own tables.
type Pruner interface {
	// Prune deletes the city's texts from before the given time: the city's retention has run out.
	Prune(ctx context.Context, city string, before time.Time) error
}
