// Package bots is the contract between the program's core and its networks.
//
// A bot is one network in one directory, bots/<name>. That name prefixes its tables and appears in NATS subjects, page
// addresses and log lines. `go generate ./bots/...` updates everything that is made from the list of directories.
// docs/add-a-network.md is the guide; package bottest is this contract as a test suite, which every bot passes.
//
// A bot imports this package, bots/{kit,chat,places,importing}, report, db, internal/{secret,limits,htmltext}, libraries, and mail/... if it is a network
// of mail; never another bot and never NATS. It never stores or logs an author, a token in the clear, or the text of a report.
package bots

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"

	"linienfunk/internal/secret"
	"linienfunk/report"
)

// Plugin describes a network. Each bot's package has a function `Plugin() bots.Plugin`.
type Plugin struct {
	// New makes the bot, once per process, before any other call. It must not start goroutines or use the network. An error
	// stops the program.
	New func(Core) (Bot, error)

	// Migrations create and change the bot's tables, once each, in order, before New. Table names get the bot's name as
	// prefix, as in Core.DB: a struct Account is stored in <name>_accounts.
	Migrations []*gormigrate.Migration

	Options []Option        // the choices of a city's admins about the network
	Sealed  []secret.Column // of the bot's tables: all that hold what Core.Box has sealed
	Limits  []string        // short sentences about what the network or the bot cannot do, for docs/networks.md
	Files   fs.FS           // templates (*.html) and texts (locale.en.toml, locale.de.toml); may be nil

	// Config lists the keys that the operator may set, as bots.<name>.<key>. New finds the values in Core.Config.
	Config []ConfigKey

	// CheckConfig returns the first key whose value cannot work, and why. It is called before anything is opened, also by
	// `linienfunk config`. May be nil.
	CheckConfig func(values map[string]string) (key string, err error)

	// PageFiles are names that Public serves as /<file> right below a city's page: /c/<city>/<file>. No two bots may have the same one.
	PageFiles []string

	// Demo prepares a city at each start of the demo, which has no account anywhere. May be nil.
	Demo func(ctx context.Context, bot Bot, city string) error
}

// ConfigKey is a key of the operator's configuration, with text as its value.
type ConfigKey struct {
	Name    string // a-z, 0-9 and "_"
	Help    string // one line, for the file that `linienfunk config` prints
	Secret  bool   // never shown
	Default string
}

// Bot is implemented by every network. Its abilities are the interfaces below, found by type assertion: Receiver, Listener,
// Sender, Broadcaster, Public, Retracter, Editor and Pruner. All methods may be called concurrently. A panic counts as an
// error of that call.
type Bot interface {
	// Accounts lists the accounts to run, at most one per city: of active cities that have connected the network and not switched it off, and of paused ones that
	// somebody runs from a chat (chat.Commands.Cities). It is called at the start, after Core.Changed, and every minute. After an error the running accounts stay.
	Accounts(ctx context.Context) ([]Account, error)

	// WebUI serves the settings of a city's account to its admins; MountOf(r) has the city. Paths begin behind the mount
	// point, with a slash. GET / answers with a fragment (Pages.Section) for the city's settings page; other paths are
	// the bot's own. GET changes nothing. After a change of an account the handler calls Core.Changed.
	WebUI() http.Handler
}

// Account is a city's presence in a network.
type Account struct {
	City string

	// Revision changes whenever the account must be restarted: new credentials, new options. Label names it to the city's
	// admins, such as @zuerich@example.social. Both are stored, and the label is logged, so they must not contain secrets.
	Revision, Label string
	SendOnly        bool      // Recv is not called: nothing comes for this account alone
	NoReaders       bool      // nobody would get a report: none is sent; may change without a new Revision
	AccessEnds      time.Time // when its token expires unless it is renewed; zero for never; may change without a new Revision
	Paused          bool      // the city is paused: nothing is sent. The account is read only since people run the city from there
}

// Out hands in one received report. It returns nil once the report is stored durably; only then may the bot move its
// read position, confirm the update, or answer 250. After an error the bot hands in the same report again, now or after a
// restart, under the same ID. Repetitions are harmless.
//
// When the author deletes a message, the bot hands in a report with the same ID and Withdrawn set to report.ByAuthor; it is
// then retracted on all networks. An edited message is not a second report and changes nothing. A message to the city that is no report, such
// as an automatic reply, may be handed in with the reason in Dropped.
type Out func(ctx context.Context, r report.Report) error

// Receiver is a network that is read per account.
type Receiver interface {
	// Recv receives the reports of one account until ctx ends, then returns promptly. An error or panic (see Permanent, RetryAfter, Revoked) restarts it with
	// backoff and affects no other account. Recv stores its own read position. It ignores the account's own posts and those of other bots.
	Recv(ctx context.Context, a Account, out Out) error
}

// CityOut is Out for bots that receive for all cities at once. Core.Cities must know the city; it need not have an account.
type CityOut func(ctx context.Context, city string, r report.Report) error

// Listener is a network with one server for all cities: SMTP or webhooks.
type Listener interface {
	// Listen serves until ctx ends, then returns within 5 seconds. Errors restart it as they do Recv. It runs on every node
	// that serves pages; HTTP handlers get out from an Intake.
	Listen(ctx context.Context, out CityOut) error
}

// Sender is a network where one post reaches all readers.
type Sender interface {
	// Send posts r. Calls for one account are sequential, in the order of the verdicts. ctx has a deadline of a minute. If r
	// came from this account and is not private, the bot may repost the original. After an error other than Permanent
	// or Revoked the call is repeated until the report expires; after a crash too, even if the network
	// had taken the post. A bot passes r.Key() to networks that know idempotency keys.
	Send(ctx context.Context, a Account, r report.Report) (report.Receipt, error)
}

// Broadcaster is a network where each subscriber gets a message. A bot is a Sender or a Broadcaster, not both.
type Broadcaster interface {
	// SendPage sends r to the next subscribers after cursor. It returns the cursor of the last one served and the number
	// served. The first cursor is empty; an empty next ends the broadcast. The core stores each cursor and continues there
	// after an error or a crash: a page that fails halfway returns the cursor it has reached together with the
	// error. The author of r (see Core.Author) is left out.
	SendPage(ctx context.Context, a Account, r report.Report, cursor string) (next string, served int, err error)
}

// Public is a network with pages that need no login.
type Public interface {
	// Public serves /c/<city>/<bot>/ and, without a city, /bots/<bot>/ (for addresses of all cities, such as OAuth callbacks).
	// Paths begin behind the mount point. GET /c/<city>/<bot>/ answers with a fragment (Pages.Section) for the city's page, or
	// 204. It and PageFiles with ETag and "Cache-Control: public" are kept for 10 seconds, or until Core.Changed or an event.
	Public() http.Handler
}

// Retracter is a network that can retract reports.
type Retracter interface {
	// Retract retracts a report that was withdrawn after Send or SendPage: it deletes the post in sent (empty for a
	// Broadcaster) and cancels messages that are not sent yet. key is Report.Key. A post that is already gone is not an
	// error; if nothing can be retracted any more, the error is Permanent. ctx has a deadline of 10 seconds.
	// After other errors, except Revoked, the call is repeated for a day, between the calls of Send.
	Retract(ctx context.Context, a Account, key string, sent report.Receipt) error
}

// Editor is a network whose posts can be edited.
type Editor interface {
	// Edit makes the post in sent say what Send would post now, since r.People or r.Ended have changed. Errors and deadline are
	// those of Retract; the call is repeated for an hour.
	Edit(ctx context.Context, a Account, r report.Report, sent report.Receipt) error
}

// Pruner is a network that keeps texts of reports, or rows about them, in its own tables.
type Pruner interface {
	// Prune deletes the city's texts from before the given time, the end of the city's retention.
	Prune(ctx context.Context, city string, before time.Time) error
}
