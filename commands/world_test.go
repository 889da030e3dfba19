package commands_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/chat"
	"linienfunk/bots/places"
	"linienfunk/bus"
	"linienfunk/censor"
	"linienfunk/commands"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
	"linienfunk/report"
	"linienfunk/settings"
	"linienfunk/supervisor"
	"linienfunk/transit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is a city, bern, with the trigger "kontrolle", whose reports a real worker judges. It has connected one network, whose people can write commands.
type world struct {
	testkit.Clock
	*commands.Commands
	t     *testing.T
	db    *db.DB
	bus   *bus.Bus
	net   *network
	node  *settings.Node
	admin db.Admin
	mails bottest.Mails

	networks *transit.Store
	imports  *transit.Imports
}

// readInstance does what the program does when the operator has changed something.
func (w *world) readInstance(ctx context.Context) error {
	stops, err := w.Stops(ctx)
	moves, err2 := w.Moves(ctx)
	w.node.SetStops(stops)
	w.node.SetMoves(moves)
	_, failed := w.ReadBlocks(ctx)
	return errors.Join(err, err2, failed, w.ReadAnnouncements(ctx))
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, net: &network{told: map[string]told{}, interests: map[string]chat.Interest{}}}
	w.db = testkit.DB(t, w.Now, testkit.Tables{Prefix: "settings_", Migrations: settings.Migrations()}, testkit.Tables{Prefix: "command_", Migrations: commands.Migrations()},
		testkit.Tables{Prefix: "transit_", Migrations: transit.Migrations()})
	w.bus = testkit.Bus(t)
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	w.check(err)
	log := testkit.Log(t)
	schema := settings.Schema{Compile: censor.Compile}
	storage := settings.NewStorage(w.db, w.bus, schema, log, w.Now)
	w.node = settings.NewNode(w.bus, schema, log, w.Now)
	worker := &censor.Worker{Bus: w.bus, DB: w.db, Log: log, Now: w.Now, Rules: w.node.Rules, Bots: func(string) []string { return []string{"net"} }}
	w.running(func(ctx context.Context) error { return storage.Run(ctx) }, func(ctx context.Context) error { return w.node.Run(ctx) }, worker.Run)
	w.check(w.node.Loaded(t.Context()))
	tables, err := w.db.Prefixed("command_")
	w.check(err)
	networks := transit.NewStore(w.db, w.Now)
	w.imports = transit.NewImports(networks, t.TempDir(), log)
	w.networks = networks
	w.Commands, err = commands.New(commands.Deps{
		DB: w.db, Tables: tables, Settings: w.node, History: storage, Box: box, Log: log, Now: w.Now, Limits: limits.NewGroup(w.Now), Publish: w.bus.PublishReport, Transit: networks, Imports: w.imports,
		HideID: func(key string) string { return box.Digest("report", key)[:32] },
		Status: func(string) []supervisor.Status {
			return []supervisor.Status{{Bot: "net", Label: "@bern", State: supervisor.Running, Queue: 2}}
		},
		Mail: &w.mails, BaseURL: "https://linienfunk.example", Domain: "linienfunk.example",
		InstanceChanged: func(ctx context.Context) error { return w.readInstance(ctx) },
		Changed:         func(string) {}, Networks: map[string]chat.Network{"net": w.net}, MailNetworks: map[string]bool{"post": true}, Senders: []string{"net", "post"}, Places: map[string]places.Network{"net": w.net},
		Title: func(_, bot string) string { return strings.ToUpper(bot) }, Translate: func(_, _, id string) string { return id },
	})
	w.check(err)
	w.admin = w.newAdmin("ada@example.org")
	w.check(w.db.Create(&db.City{Name: "bern"}).Error)
	w.check(w.db.Create(&db.CityAdmin{City: "bern", AdminID: w.admin.ID}).Error)
	first := settings.Default("bern", "en")
	first.Title, first.Triggers = "Bern", []string{"kontrolle"}
	link, err := storage.Create(w.db.DB, "bern", first, w.admin.ID)
	w.check(err)
	w.check(w.node.AnnounceCity(t.Context(), link))
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newAdmin(address string) db.Admin {
	w.t.Helper()
	admin := db.Admin{Address: address, Lang: "en", Confirmed: true}
	w.check(w.db.Create(&admin).Error)
	return admin
}

// running runs parts until the test ends.
func (w *world) running(parts ...func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	for _, part := range parts {
		done.Go(func() { _ = part(ctx) })
	}
	w.t.Cleanup(func() { cancel(); done.Wait() })
}

// owner is the city's admin on a page.
func (w *world) owner() commands.Actor {
	return commands.Actor{ID: "admin 1", Level: commands.Owner, Admin: w.admin.ID, Lang: "en"}
}

// run runs a command as an actor; pairs are names and values of parameters.
func (w *world) run(actor commands.Actor, name string, pairs ...any) (any, error) {
	return w.Run(w.t.Context(), commands.Call{City: "bern", Name: name, Args: args(pairs), Actor: actor})
}

func args(pairs []any) map[string]any {
	values := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i].(string)] = pairs[i+1]
	}
	return values
}

// must is run for one that is carried out.
func (w *world) must(actor commands.Actor, name string, pairs ...any) any {
	w.t.Helper()
	result, err := w.run(actor, name, pairs...)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return result
}

// refused is run for one that is refused, and returns the reason and the parameter.
func (w *world) refused(actor commands.Actor, name string, pairs ...any) string {
	w.t.Helper()
	result, err := w.run(actor, name, pairs...)
	refusals := commands.AsRefusals(err)
	if len(refusals) == 0 {
		w.t.Fatalf("%s: %+v, %v", name, result, err)
	}
	for _, one := range refusals {
		if text := w.Say("en", one); strings.Contains(text, one.Say) || strings.Contains(text, "<no value>") {
			w.t.Errorf("%s is refused with %q", name, text)
		}
	}
	return strings.TrimSuffix(string(refusals[0].Reason)+" "+refusals[0].Param, " ")
}

// received hands in a report of a rider, and waits until it is judged.
func (w *world) received(id, text string) db.Entry {
	w.t.Helper()
	r := report.Report{City: "bern", Bot: "net", ID: id, Text: text, At: w.Now(), Author: "rider of " + id}
	w.check(w.bus.PublishReport(w.t.Context(), r))
	return w.judged(r.Key())
}

func (w *world) judged(key string) (e db.Entry) {
	w.t.Helper()
	testkit.Eventually(w.t, key+" is judged", func() bool {
		found, err := w.db.EntryByKey(w.t.Context(), key)
		e = found
		return err == nil
	})
	return e
}

// becomes waits until an entry meets a condition.
func (w *world) becomes(e db.Entry, what string, f func(db.Entry) bool) {
	w.t.Helper()
	testkit.Eventually(w.t, what, func() bool {
		now, err := w.db.EntryByID(w.t.Context(), e.City, e.ID)
		return err == nil && f(now)
	})
}

// writes has a person write to the city's account, and returns the answer.
func (w *world) writes(person, text string) (chat.Answer, bool) {
	w.t.Helper()
	a, isCommand, err := w.InNetwork("net").Run(w.t.Context(), chat.Message{City: "bern", Person: person, Text: text})
	w.check(err)
	return a, isCommand
}

// linked links a person as the city's admin.
func (w *world) linked(person string) {
	w.t.Helper()
	code := w.must(w.owner(), "link new").(commands.LinkCode)
	if a, _ := w.writes(person, "/link "+code.Code); a.Refused {
		w.t.Fatal(a.Text)
	}
}

// network is a network with subscribers. It keeps what people are told.
type network struct {
	bots.Bot
	mu        sync.Mutex
	told      map[string]told // by key
	interests map[string]chat.Interest
	tellErr   error
	follows   bool // people follow the account instead of subscribing

	sees     func(ctx context.Context) ([]places.Place, error) // what the account of bern sees; nil for nothing
	chosen   []string
	askedFor int // places
}

type told struct {
	person string
	chat.Answer
}

func (n *network) UseCommands(chat.Commands) {}

func (n *network) Tell(_ context.Context, _, person, key string, a chat.Answer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tellErr != nil {
		return n.tellErr
	}
	n.told[key] = told{person, a}
	return nil
}

func (n *network) toldTo(person string) (all []chat.Answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, one := range n.told {
		if one.person == person {
			all = append(all, one.Answer)
		}
	}
	return all
}

// forget forgets what people were told.
func (n *network) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.told)
}

func (n *network) Interest(_ context.Context, _, person string) (chat.Interest, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.follows {
		return chat.Interest{}, false, errors.ErrUnsupported
	}
	if person == "nobody" {
		return chat.Interest{}, false, bots.Permanent("not-an-address", errors.New("no address"))
	}
	i, ok := n.interests[person]
	return i, ok, nil
}

func (n *network) SetInterest(_ context.Context, _, person string, i chat.Interest) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.interests[person] = i
	return true, nil
}

func (n *network) Unsubscribe(_ context.Context, _, person string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.interests, person)
	return nil
}

func (n *network) UsePlaces(places.Lists) {}

func (n *network) Places(ctx context.Context, _ string) ([]places.Place, error) {
	n.mu.Lock()
	n.askedFor++
	sees := n.sees
	n.mu.Unlock()
	if sees == nil {
		return nil, nil
	}
	return sees(ctx)
}

func (n *network) Chosen(context.Context, string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.chosen, nil
}

// see sets what the network says.
func (n *network) see(err error, found ...places.Place) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sees = func(context.Context) ([]places.Place, error) { return found, err }
}

func (n *network) questions() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.askedFor
}

var _ = time.Now
