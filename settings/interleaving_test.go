package settings_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/settings"
	"linienfunk/settings/chain"
)

// After any sequence of concurrent changes to current and old versions, duplicates, invalid messages, broken connections,
// restarts of nodes and storages, and trimming of the stream, all nodes have the storage's version, the chain is valid, and
// it contains every change that Submit reported as applied.
func TestNodesConvergeAfterAnyInterleavingOfFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			newChaos(t, seed).run(80)
		})
	}
}

type chaos struct {
	*cluster
	random *rand.Rand
	cities []string
	raw    *bus.Bus // of another program

	nodes    []*chaosNode
	storages []part
	reader   *settings.Storage

	submits sync.WaitGroup
	mu      sync.Mutex
	known   []settings.Snapshot // versions that were current once
	sent    []bus.Update
	results map[string]error // by note
}

type chaosNode struct {
	*settings.Node
	part
	proxy *testkit.Proxy
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{cluster: newCluster(t), random: rand.New(rand.NewPCG(seed, 1)), cities: []string{"zuerich", "ghent"}, results: map[string]error{}}
	var running part
	c.reader, running = c.storageThatKeeps(5)
	c.storages = []part{running}
	c.create(c.reader, c.cities...)
	c.raw = c.broker.Connect(t)
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() {
		state, err := c.raw.UpdatesState(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		c.raw.FollowUpdates(ctx, state.Stream, 1, func(u bus.Update) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.sent = append(c.sent, u)
			return nil
		})
	})
	t.Cleanup(func() { cancel(); following.Wait() })
	for range 3 {
		c.nodes = append(c.nodes, c.start())
	}
	for _, n := range c.nodes {
		waitLoaded(t, n.Node)
	}
	return c
}

func (c *chaos) start() *chaosNode {
	proxy, b := c.broker.Proxy(c.t)
	n, running := c.nodeOn(b)
	return &chaosNode{n, running, proxy}
}

func (c *chaos) run(steps int) {
	for i := range steps {
		n := c.random.IntN(len(c.nodes))
		switch dice := c.random.IntN(100); {
		case dice < 40:
			c.submit(c.nodes[n], fmt.Sprint("change ", i))
		case dice < 60:
			c.submit(c.nodes[n], fmt.Sprint("change ", i))
			c.submits.Wait()
		case dice < 70:
			c.repeat(i)
		case dice < 75:
			c.publishInvalid(i)
		case dice < 82:
			c.nodes[n].proxy.Cut()
		case dice < 89:
			c.nodes[n].proxy.Restore()
		case dice < 94:
			c.nodes[n].stop()
			c.nodes[n] = c.start()
		default:
			c.restartStorage()
		}
		c.remember()
	}
	for _, n := range c.nodes {
		n.proxy.Restore()
	}
	c.submits.Wait()
	c.check()
}

// remember records the current versions. Later changes are based on them even if they are old by then.
func (c *chaos) remember() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.nodes {
		for _, city := range c.cities {
			if now, ok, _ := n.Get(c.t.Context(), city); ok {
				c.known = append(c.known, now)
			}
		}
	}
	c.known = c.known[max(0, len(c.known)-12):]
}

func (c *chaos) submit(n *chaosNode, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) == 0 {
		return
	}
	base := c.known[c.random.IntN(len(c.known))]
	if now, ok, _ := n.Get(c.t.Context(), base.City); ok && c.random.IntN(3) > 0 {
		base = now
	}
	draft := edit(c.t, base, "about", fmt.Sprint(note, c.random.IntN(3)))
	draft.Note = note
	c.submits.Go(func() {
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second) // a disconnected node would wait for an hour
		defer cancel()
		_, err := n.Submit(ctx, draft)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.results[note] = err
	})
}

// repeat publishes an earlier message again.
func (c *chaos) repeat(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) > 0 {
		u := c.sent[c.random.IntN(len(c.sent))]
		c.publish(u.Base, fmt.Sprint("again ", i), u.Data)
	}
}

func (c *chaos) publishInvalid(i int) {
	for j, text := range []string{"", "{", "[]", `{"city":"zuerich"}`, `{"city":"zuerich","base":"x","hash":"y","patch":[]}`, `{"city":"nowhere","base":"x","patch":[]}`} {
		c.publish("x", fmt.Sprint("invalid ", i, j), []byte(text))
	}
}

func (c *chaos) publish(base, id string, data []byte) {
	if _, err := c.raw.PublishUpdate(c.t.Context(), base, id, data); err != nil {
		c.t.Fatal(err)
	}
}

// restartStorage kills or starts a storage, so that none, one or two are running.
func (c *chaos) restartStorage() {
	if len(c.storages) > 0 && c.random.IntN(2) == 0 {
		c.storages[0].stop()
		c.storages = c.storages[1:]
		return
	}
	if len(c.storages) < 2 {
		_, running := c.storageThatKeeps(5)
		c.storages = append(c.storages, running)
	}
}

func (c *chaos) check() {
	if len(c.storages) == 0 {
		_, running := c.storageThatKeeps(5)
		c.storages = append(c.storages, running)
	}
	last := c.start() // a node without history
	waitLoaded(c.t, last.Node)
	notes := map[string]bool{}
	for _, city := range c.cities {
		end := c.submitLast(last, city)
		for _, n := range append(c.nodes, last) {
			waitForVersion(c.t, end, n.Node)
		}
		c.checkHistory(end, notes)
	}
	applied := 0
	for note, err := range c.results {
		switch {
		case err == nil && !notes[note]:
			c.t.Errorf("%s was reported as applied, but is not in the chain", note)
		case err == nil:
			applied++
		case notes[note] && (errors.Is(err, settings.ErrConflict) || errors.Is(err, chain.ErrNothing)):
			c.t.Errorf("%s was reported as refused (%v), but is in the chain", note, err)
		}
	}
	c.t.Logf("%d changes, %d of them in force, %d links", len(c.results), applied, len(notes))
}

// submitLast submits a final change, on which all must agree. It is refused as long as the stream holds updates that neither the node nor the
// storage had seen when it was made.
func (c *chaos) submitLast(n *chaosNode, city string) settings.Snapshot {
	for {
		end, err := n.Submit(c.t.Context(), edit(c.t, c.converged(n, city), "title", "the end"))
		if err == nil {
			return end
		}
		if !errors.Is(err, settings.ErrConflict) {
			c.t.Fatal(err)
		}
	}
}

// converged waits until a node has the version that the storage has written.
func (c *chaos) converged(n *chaosNode, city string) (now settings.Snapshot) {
	testkit.Eventually(c.t, "node and storage agree", func() bool {
		history, err := c.reader.History(c.t.Context(), city)
		now = get(c.t, n.Node, city)
		return err == nil && history[len(history)-1].Hash == now.Hash
	})
	return now
}

func (c *chaos) checkHistory(end settings.Snapshot, notes map[string]bool) {
	var history []settings.Version
	testkit.Eventually(c.t, "the last change is written", func() (done bool) {
		var err error
		if history, err = c.reader.History(c.t.Context(), end.City); err != nil {
			c.t.Fatal(err)
		}
		return history[len(history)-1].Hash == end.Hash
	})
	_, base := chain.Root(end.City)
	for _, v := range history {
		if v.Base != base {
			c.t.Errorf("link %d of %s does not follow %s", v.Number, end.City, base)
		}
		base = v.Hash
		if notes[v.Note] && strings.HasPrefix(v.Note, "change") {
			c.t.Errorf("%s is in a chain twice", v.Note)
		}
		notes[v.Note] = true
	}
	if last := history[len(history)-1]; string(last.After) != string(end.Document) {
		c.t.Errorf("%s ends as %s, not as %s", end.City, last.After, end.Document)
	}
}
