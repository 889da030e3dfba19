package bottest

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bots/chat"
	"linienfunk/bots/importing"
	"linienfunk/bots/places"
	"linienfunk/bus/programs"
	"linienfunk/db"
	"linienfunk/internal/limits"
	"linienfunk/internal/outgoing"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
	"linienfunk/mail"
	"linienfunk/templates"
)

// World is a program around one bot: a real database, a real secret box, the bot's real templates, and a clock that the test moves.
type World struct {
	Core     bots.Core
	Mail     mail.Service     // for a bot that is a mail.Network
	Programs programs.Service // for a bot that is a programs.Network, from the next Restart on
	Bot      bots.Bot
	Mails    Mails              // the messages that the bot enqueued at Mail.Queue
	Changes  chan string        // cities for which Core.Changed was called
	DB       *db.DB             // the database below
	Log      *testkit.LogBuffer // what the bot logged

	Commands *Commands   // for a bot that is a chat.Network
	Places   *KeptPlaces // for a bot that is a places.Network
	Blocks   Blocks      // whom the operator has blocked

	plugin   bots.Plugin
	instance *instance // of Bot
	mu       sync.Mutex
	cities   map[string]bots.City
	watch    []func(city string) // Cities.OnChange of this Bot
	passed   time.Duration       // by Advance
	skew     time.Duration       // of the program's clock
	reports  int
	ended    map[string]string // where cities had moved that were deleted
}

// Blocks is a list of the operator on which everybody is, or nobody.
type Blocks struct{ Senders, Servers atomic.Bool }

// NewWorld creates a World with the active cities "zuerich" and "ghent", and starts the bot. Its HTTP client and its dialer may connect to
// loopback.
func NewWorld(t testing.TB, name string, plugin bots.Plugin) *World {
	t.Helper()
	w := &World{plugin: plugin, Changes: make(chan string, 100), Log: &testkit.LogBuffer{}, Commands: &Commands{}, cities: map[string]bots.City{
		"zuerich": {Name: "zuerich", Title: "Zürich", Lang: "de", Active: true, Revision: "1", Freshness: 30 * time.Minute, Options: bots.Defaults(plugin.Options), Read: Read},
		"ghent":   {Name: "ghent", Title: "Ghent", Lang: "en", Active: true, Revision: "1", Freshness: 30 * time.Minute, Options: bots.Defaults(plugin.Options), Read: Read},
	}}
	var err error
	w.DB = testkit.DB(t, w.now, testkit.Tables{Prefix: name + "_", Migrations: plugin.Migrations})
	handle, err := w.DB.Prefixed(name + "_")
	must(t, err)
	box, err := secret.NewBox(make([]byte, secret.KeySize))
	must(t, err)
	set, err := templates.New(plugin.Files)
	must(t, err)
	w.Core = bots.Core{
		Name: name, Config: map[string]string{}, BaseURL: "https://linienfunk.example",
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), w.Log), &slog.HandlerOptions{Level: slog.LevelDebug})), DB: handle, HTTP: outgoing.Client(true, "linienfunk/test"),
		Now: w.now, Box: box, Limits: limits.NewGroup(w.now),
		Cities: cities{w}, Pages: pages{set}, Events: &events{},
		Changed: func(city string) {
			select {
			case w.Changes <- city:
			default: // the test reads none
			}
		},
	}
	w.Mail = mail.Service{
		Queue: &w.Mails, Domain: "linienfunk.example", Ended: w.hasEnded, Dial: (&net.Dialer{}).DialContext,
		Listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
	}
	for _, key := range plugin.Config {
		w.Core.Config[key.Name] = key.Default
	}
	w.Restart(t)
	return w
}

// Restart creates the bot again on the same database, like a start of the program after a crash.
func (w *World) Restart(t testing.TB) {
	t.Helper()
	handle, err := w.DB.Prefixed(w.Core.Name + "_")
	must(t, err)
	w.instance = newInstance()
	w.mu.Lock()
	w.watch = nil
	w.mu.Unlock()
	w.Bot, err = w.plugin.New(w.instance.core(w.Core, handle))
	must(t, err)
	if network, ok := w.Bot.(mail.Network); ok {
		must(t, network.UseMail(w.instance.mail(w.Mail)))
	}
	if network, ok := w.Bot.(programs.Network); ok {
		must(t, network.UsePrograms(w.instance.programs(w.Programs)))
	}
	if network, ok := w.Bot.(chat.Network); ok {
		network.UseCommands(w.Commands)
	}
	if network, ok := w.Bot.(places.Network); ok {
		w.Places = &KeptPlaces{network: network, now: w.now}
		network.UsePlaces(w.Places)
	}
}

// Import has a bot that is an importing.Network take over what an older program has of a city.
func (w *World) Import(t testing.TB, city string, old importing.City) (r importing.Result) {
	t.Helper()
	err := w.DB.Transaction(t.Context(), func(tx *gorm.DB) (err error) {
		r, err = w.Bot.(importing.Network).Import(t.Context(), tx, city, old)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// WithTLS gives the bot's SMTP server a certificate, from the next Restart on.
func (w *World) WithTLS(config *tls.Config) { w.Mail.TLS = config }

// SetActive switches a city on or off.
func (w *World) SetActive(name string, active bool) {
	w.mu.Lock()
	city := w.cities[name]
	city.Active, city.Revision = active, city.Revision+"x"
	w.cities[name] = city
	w.mu.Unlock()
	w.changed(name)
}

// SetFlags has riders of a city object to reports, or not.
func (w *World) SetFlags(name string, on bool) {
	w.mu.Lock()
	city := w.cities[name]
	city.Flags, city.Revision = on, city.Revision+"x"
	w.cities[name] = city
	w.mu.Unlock()
	w.changed(name)
}

// SetOption sets an option of a city as its admin would. The option must allow the value.
func (w *World) SetOption(t testing.TB, name, option string, value any) {
	t.Helper()
	i := slices.IndexFunc(w.plugin.Options, func(o bots.Option) bool { return o.Name == option })
	if i < 0 {
		t.Fatalf("the bot has no option %q", option)
	}
	must(t, w.plugin.Options[i].Check(value))
	w.mu.Lock()
	city := w.cities[name]
	city.Options, city.Revision = maps.Clone(city.Options), city.Revision+"x"
	city.Options[option] = value
	w.cities[name] = city
	w.mu.Unlock()
	w.changed(name)
}

// changed notifies the bot of new settings.
func (w *World) changed(city string) {
	w.mu.Lock()
	watch := slices.Clone(w.watch)
	w.mu.Unlock()
	for _, f := range watch {
		f(city)
	}
}

// Advance lets time pass.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed += d
}

// SkewClock sets the error of the program's clock to d.
func (w *World) SkewClock(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skew = d
}

// Time is the true time, for instance of a fake network. SkewClock does not change it.
func (w *World) Time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.passed)
}

// now is the program's clock.
func (w *World) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.passed + w.skew)
}

// Mails collects outgoing messages.
type Mails struct {
	mu   sync.Mutex
	sent []mail.Message
	keys map[string]bool
	Err  error // all calls return it
}

// Enqueue implements mail.Queue. It ignores a key that was enqueued before.
func (m *Mails) Enqueue(_ context.Context, messages ...mail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Err != nil {
		return m.Err
	}
	if m.keys == nil {
		m.keys = map[string]bool{}
	}
	for _, message := range messages {
		if !m.keys[message.Key] {
			m.keys[message.Key] = true
			m.sent = append(m.sent, message)
		}
	}
	return nil
}

// Cancel implements mail.Queue. No message has been sent yet.
func (m *Mails) Cancel(_ context.Context, keys ...string) (sent int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = slices.DeleteFunc(m.sent, func(one mail.Message) bool { return slices.Contains(keys, one.Key) })
	return 0, m.Err
}

// Forget implements mail.Queue.
func (m *Mails) Forget(_ context.Context, bounceID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = slices.DeleteFunc(m.sent, func(one mail.Message) bool { return one.BounceID == bounceID })
	return m.Err
}

// All returns the messages so far.
func (m *Mails) All() []mail.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]mail.Message(nil), m.sent...)
}

type cities struct{ w *World }

func (c cities) City(_ context.Context, name string) (bots.City, bool, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	city, ok := c.w.cities[name]
	return city, ok, nil
}

func (c cities) All(context.Context) ([]bots.City, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	var all []bots.City
	for _, city := range c.w.cities {
		all = append(all, city)
	}
	return all, nil
}

func (c cities) SenderBlocked(string) bool { return c.w.Blocks.Senders.Load() }

func (c cities) ServerBlocked(string) bool { return c.w.Blocks.Servers.Load() }

func (c cities) OnChange(f func(city string)) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.watch = append(c.w.watch, f)
}

// pages renders sections as they are and pages without a layout. Done and Failed answer with a redirect and the message
// in the header X-Message.
type pages struct{ set *templates.Set }

func (p pages) Section(w http.ResponseWriter, r *http.Request, name string, data any) {
	p.render(w, r, http.StatusOK, name, data)
}

func (p pages) Page(w http.ResponseWriter, r *http.Request, status int, _, name string, data any) {
	p.render(w, r, status, name, data)
}

func (p pages) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := p.set.Render(w, bots.MountOf(r).Lang, name, data); err != nil {
		panic(err)
	}
}

func (p pages) Done(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("X-Message", text)
	http.Redirect(w, r, bots.MountOf(r).Path+"/", http.StatusSeeOther)
}

func (p pages) Failed(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("X-Failed", text)
	http.Redirect(w, r, bots.MountOf(r).Path+"/", http.StatusSeeOther)
}

func (p pages) Text(lang, id string, pairs ...any) string { return p.set.Text(lang, id, pairs...) }

type events struct {
	mu   sync.Mutex
	next int
	subs map[int]func(string, []byte)
}

func (e *events) Publish(city string, data []byte) error {
	e.mu.Lock()
	subs := slices.Collect(maps.Values(e.subs))
	e.mu.Unlock()
	for _, f := range subs {
		f(city, data)
	}
	return nil
}

func (e *events) Subscribe(city string, f func([]byte)) (func(), error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.subs == nil {
		e.subs = map[int]func(string, []byte){}
	}
	e.next++
	id := e.next
	e.subs[id] = func(c string, data []byte) {
		if c == city {
			f(data)
		}
	}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.subs, id)
	}, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// SetEnded says that a city was deleted that had moved to an address.
func (w *World) SetEnded(name, movedTo string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = map[string]string{name: movedTo}
}

func (w *World) hasEnded(_ context.Context, name string) (ended bool, movedTo string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	movedTo, ended = w.ended[name]
	return ended, movedTo, nil
}

// SetMoved has a city say that it has moved to an address.
func (w *World) SetMoved(name, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	city := w.cities[name]
	city.Moved = to
	w.cities[name] = city
}
