package external

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bus"
	"linienfunk/bus/programs"
	"linienfunk/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestExternalConforms(t *testing.T) {
	current := &tracker{}
	bottest.Run(t, "external", current.plugin(), func(t testing.TB, w *bottest.World) bottest.Network { return newNetwork(t, w, current) }, bottest.Features{
		Receives: true, Authors: true, Private: true, Edits: true, Withdraws: true, Sends: true, Retracts: true, Updates: true, Remote: true, Once: true,
	})
}

// tracker knows the newest bot, that of a World changes with each restart, and the programs to which it happens.
type tracker struct {
	atomic.Pointer[bot]
	mu       sync.Mutex
	programs []*program
}

// plugin is the plugin whose bots are tracked.
func (c *tracker) plugin() bots.Plugin {
	return bottest.Changed(Plugin(), func(b bots.Bot) {
		c.Store(b.(*bot))
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, p := range c.programs {
			p.interrupt()
		}
	})
}

func (c *tracker) add(p *program) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.programs = append(c.programs, p)
}

// network is a real server with the programs of cities.
type network struct {
	current  *tracker
	programs map[string]*program
	port     int
}

// newNetwork opens a port for programs, and restarts the bot with it.
func newNetwork(t testing.TB, w *bottest.World, current *tracker) *network {
	t.Helper()
	w.Programs = listen(t, func(ctx context.Context, user, password, address string) (bool, error) {
		return current.Load().Authenticate(ctx, user, password, address)
	})
	w.Restart(t)
	return &network{current: current, programs: map[string]*program{}, port: w.Programs.Port}
}

// listen opens a port for programs.
func listen(t testing.TB, authenticate func(ctx context.Context, user, password, address string) (bool, error)) programs.Service {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Shards: 1, Log: testkit.Log(t), Timeout: time.Minute, Listen: bus.Listen{Address: "127.0.0.1:0"}})
	must(t, err)
	t.Cleanup(b.Close)
	return b.Programs(authenticate)
}

// Connect does what an admin and the author of a program do.
func (n *network) Connect(t testing.TB, w *bottest.World, city string) {
	t.Helper()
	password := connect(t, w, city, "forum")
	n.programs[city] = startProgram(t, fmt.Sprintf("nats://127.0.0.1:%d", n.port), city+".forum", password)
	n.current.add(n.programs[city])
}

// connect fills in the form and returns the password.
func connect(t testing.TB, w *bottest.World, city, name string) string {
	t.Helper()
	answer := w.Submit(t, city, "/connect", url.Values{"name": {name}})
	if answer.Code != http.StatusOK {
		t.Fatalf("connect: %d %s", answer.Code, answer.Header().Get("X-Failed"))
	}
	return between(t, answer.Body.String(), `<code id="external-password">`, "</code>")
}

func (n *network) Post(_ testing.TB, w *bottest.World, city string, p bottest.Post) error {
	return n.programs[city].write(p.Author, p.Text, p.Private, w.Time())
}

func (n *network) Edit(_ testing.TB, _ *bottest.World, city, author, text string) {
	p := n.programs[city]
	p.mu.Lock()
	edited := map[string]any{}
	for key, value := range p.last[author] {
		edited[key] = value
	}
	p.mu.Unlock()
	edited["text"] = text
	p.put(edited)
}

func (n *network) Delete(_ testing.TB, _ *bottest.World, city, author string) {
	p := n.programs[city]
	p.mu.Lock()
	id := p.last[author]["id"]
	p.mu.Unlock()
	p.put(map[string]any{"type": "withdrawal", "id": id})
}

func (n *network) Shown(_ testing.TB, _ *bottest.World, city string) []string {
	if p := n.programs[city]; p != nil {
		return p.texts()
	}
	return nil
}

func (n *network) Subscribe(testing.TB, *bottest.World, string, string) {}

func (n *network) Fail(f bottest.Fault) { n.each(f) }

func (n *network) Heal() { n.each("") }

func (n *network) each(f bottest.Fault) {
	for _, p := range n.programs {
		p.fail(f)
	}
}
