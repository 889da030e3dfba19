package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/testkit"
	"linienfunk/supervisor"
)

// shortLease is how long a node that has died keeps its shards, in tests of that; in others longer than a machine is ever busy.
const (
	shortLease = 3 * time.Second
	longLease  = 5 * time.Minute
)

// cluster is a database and a broker that several nodes share, and a network with accounts of many cities.
type cluster struct {
	*world
	broker testkit.Broker
	lease  time.Duration
}

// node is one running supervisor.
type node struct {
	sup  *supervisor.Supervisor
	bus  *bus.Bus
	stop func() // as the program does it
}

func newCluster(t *testing.T, lease time.Duration) *cluster {
	c := &cluster{world: newWorld(t), broker: testkit.NewBroker(t), lease: lease}
	c.bus = c.broker.Connect(t)
	for i := range 20 {
		c.net.set(cityName(i), "1")
	}
	return c
}

func cityName(i int) string { return fmt.Sprintf("city%d", i) }

// join starts a node.
func (c *cluster) join(id string) *node {
	c.t.Helper()
	return c.joinAs(id, "")
}

// joinAs starts a node with some roles.
func (c *cluster) joinAs(id, roles string) *node {
	c.t.Helper()
	n := &node{bus: c.broker.Connect(c.t)}
	n.sup = supervisor.New(supervisor.Config{
		Bus: n.bus, DB: c.db, Log: testkit.Log(c.t).With("node", id), Now: c.Now,
		Directory: supervisor.NewDirectory([]supervisor.Member{{Name: "net", Bot: c.net}}), HideID: hideID,
		Revoked:   func(context.Context, bots.Account, supervisor.Status) {},
		Retention: func(string) (time.Duration, bool) { return 24 * time.Hour, true },
		Freshness: func(string) (time.Duration, bool) { return time.Hour, true },
		Cities:    func() []string { return nil },
		Lease:     &supervisor.Lease{Node: db.Node{ID: id, Host: "host-" + id, Version: "test", Roles: roles, Started: c.Now()}, Time: c.lease},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := n.sup.Run(ctx); !errors.Is(err, context.Canceled) {
			c.t.Errorf("node %s ended with %v", id, err)
		}
	})
	n.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	c.t.Cleanup(n.stop)
	return n
}

// holders returns how many shards each live node has.
func (c *cluster) holders() string {
	c.t.Helper()
	nodes, now, err := c.db.Nodes(c.t.Context())
	check(c.t, err)
	var text []string
	for _, n := range nodes {
		if n.Until.After(now) {
			text = append(text, fmt.Sprintf("%s %d", n.ID, len(n.Shards)))
		}
	}
	return strings.Join(text, ", ")
}

func (c *cluster) waitForHolders(want ...string) {
	c.t.Helper()
	testkit.Eventually(c.t, "the shards are with "+strings.Join(want, " or "), func() bool {
		return slices.Contains(want, c.holders())
	})
}

// relayToAll relays a report to each city.
func (c *cluster) relayToAll(text string) {
	c.t.Helper()
	for i := range 20 {
		c.relay(cityName(i), text)
	}
}

// wantOnce checks that each city's report is the next one sent, once.
func (c *cluster) wantOnce(sent <-chan string, text string) {
	c.t.Helper()
	seen := map[string]int{}
	for range 20 {
		seen[testkit.Next(c.t, sent)]++
	}
	for i := range 20 {
		if n := seen[cityName(i)+": "+text]; n != 1 {
			c.t.Errorf("%s of %s was sent %d times", text, cityName(i), n)
		}
	}
}

func TestNodesShareTheCitiesAndEachReportIsSentOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, longLease)
	sent := c.net.collectSent()
	first := c.join("a")
	c.relayToAll("kontrolle u1")
	c.wantOnce(sent, "kontrolle u1")
	c.join("b")
	shards := first.bus.Shards()
	c.waitForHolders(fmt.Sprintf("a %d, b %d", (shards+1)/2, shards/2), fmt.Sprintf("b %d, a %d", shards/2, (shards+1)/2))
	c.relayToAll("kontrolle u2")
	c.wantOnce(sent, "kontrolle u2")
	for i := range 20 {
		if got := first.sup.Status(cityName(i)); len(got) != 1 || got[0].State != supervisor.Running {
			t.Errorf("the state of %s, asked on one node: %v", cityName(i), got)
		}
	}
	first.stop()
	c.relayToAll("kontrolle u3")
	c.wantOnce(sent, "kontrolle u3")
	c.waitForHolders(fmt.Sprintf("b %d", shards))
}

func TestTheCitiesOfANodeThatDiesAreTakenOverInOrder(t *testing.T) {
	t.Parallel()
	c := newCluster(t, shortLease)
	sent := make(chan string, 100_000)
	c.net.change(func() { c.net.send = sentTo(sent) })
	// A node that has died holds all shards until its lease ends.
	_, _, err := c.db.Claim(t.Context(), db.Node{ID: "dead", Started: c.Now()}, c.bus.Shards(), c.lease)
	check(t, err)
	c.join("b")
	relayed := 0
	for more := 20; more > 0; relayed++ { // before the takeover, while it happens, and after
		c.relay("city0", fmt.Sprintf("kontrolle %d", relayed))
		if len(sent) > 0 {
			more--
		}
	}
	for i := range relayed {
		c.want(sent, fmt.Sprintf("city0: kontrolle %d", i))
	}
}

func TestANodeThatCannotRenewItsLeaseLeavesTheCitiesToOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, shortLease)
	sent := c.net.collectSent()
	cut := c.cutOff("a")
	c.join("a")
	c.relayToAll("kontrolle u1")
	c.wantOnce(sent, "kontrolle u1")
	cut()
	c.join("b")
	c.waitForHolders(fmt.Sprintf("b %d", c.bus.Shards()))
	for i := range 3 {
		text := fmt.Sprintf("kontrolle %d", i)
		c.relayToAll(text)
		c.wantOnce(sent, text)
	}
}

func TestANodeWithoutBotsTakesNoShardAndKnowsHowTheAccountsAre(t *testing.T) {
	t.Parallel()
	c := newCluster(t, longLease)
	sent := c.net.collectSent()
	pages := c.joinAs("pages", "frontend,mail")
	c.join("a")
	shards := pages.bus.Shards()
	c.waitForHolders(fmt.Sprintf("a %d, pages 0", shards), fmt.Sprintf("pages 0, a %d", shards))
	c.relayToAll("kontrolle u1")
	c.wantOnce(sent, "kontrolle u1")
	for i := range 20 {
		if got := pages.sup.Status(cityName(i)); len(got) != 1 || got[0].State != supervisor.Running {
			t.Errorf("the state of %s, asked on the node without bots: %v", cityName(i), got)
		}
	}
}

// As a node does that was stopped with SIGSTOP beyond its lease, and goes on in the middle of a call.
func TestANodeThatGoesOnInTheMiddleOfASendAfterItsLeaseIsHarmless(t *testing.T) {
	t.Parallel()
	c := newCluster(t, shortLease)
	calls, goOn := make(chan string, 100), make(chan struct{})
	var stopped atomic.Bool
	c.net.change(func() {
		c.net.send = func(_ context.Context, city, text string) error {
			calls <- city + ": " + text
			if stopped.CompareAndSwap(false, true) {
				<-goOn
			}
			return nil
		}
	})
	cut := c.cutOff("a")
	c.join("a")
	c.waitForHolders(fmt.Sprintf("a %d", c.bus.Shards()))
	entry := c.relay("city0", "kontrolle u1")
	c.want(calls, "city0: kontrolle u1")
	c.relay("city0", "kontrolle u2")
	cut()
	c.join("b")
	c.want(calls, "city0: kontrolle u1") // the same report: networks recognise it by its id
	c.want(calls, "city0: kontrolle u2")
	close(goOn)
	for i := range 3 {
		text := fmt.Sprintf("kontrolle %d", i)
		c.relayToAll(text)
		c.wantOnce(calls, text)
	}
	if d := c.waitForStatus(entry, db.Sent); d.RemoteID != "post-1" {
		t.Errorf("the ledger has %+v", d)
	}
}

// cutOff returns a function that makes a node unable to renew its lease.
func (c *cluster) cutOff(id string) (cut func()) {
	c.t.Helper()
	noClaims := c.failClaims(id)
	var isCut atomic.Bool
	check(c.t, c.db.Callback().Raw().Before("gorm:raw").Register("cut", func(tx *gorm.DB) {
		if isCut.Load() && strings.HasPrefix(tx.Statement.SQL.String(), "UPDATE nodes SET until") && slices.Contains(tx.Statement.Vars, any(id)) {
			tx.AddError(errors.New("the network is unreachable"))
		}
	}))
	return func() { noClaims(); isCut.Store(true) }
}

// failClaims returns a function that makes all claims of a node fail.
func (c *cluster) failClaims(id string) (fail func()) {
	c.t.Helper()
	var failing atomic.Bool
	check(c.t, c.db.Callback().Create().Before("gorm:create").Register("fail claims", func(tx *gorm.DB) {
		if n, ok := tx.Statement.Dest.(*db.Node); ok && n.ID == id && failing.Load() {
			tx.AddError(errors.New("deadline exceeded"))
		}
	}))
	return func() { failing.Store(true) }
}

// The nodes' clocks stand nearly still here, and that of the database runs by several leases.
func TestANodeWhoseClaimsTakeTooLongKeepsItsShards(t *testing.T) {
	t.Parallel()
	c := newCluster(t, longLease)
	fail := c.failClaims("a")
	c.join("a")
	c.join("b")
	shards := func(id string) (until time.Time, held int) {
		nodes, _, err := c.db.Nodes(t.Context())
		check(t, err)
		for _, n := range nodes {
			if n.ID == id {
				return n.Until, len(n.Shards)
			}
		}
		return until, 0
	}
	testkit.Eventually(t, "each has its share", func() bool {
		_, a := shards("a")
		_, b := shards("b")
		return a > 0 && a == b
	})
	fail()
	_, before := shards("a")
	for range 3 {
		was, _ := shards("a")
		c.Advance(longLease * 4 / 5)
		testkit.Eventually(t, "both have renewed their leases", func() bool {
			check(t, c.bus.Notify("shards", nil))
			a, _ := shards("a")
			b, _ := shards("b")
			return a.After(was) && b.After(was)
		})
	}
	if _, held := shards("a"); held != before {
		t.Errorf("of %d shards %d are left", before, held)
	}
}

// judge notes on turns when a node's turn to judge begins and ends.
func (n *node) judge(c *cluster, id string, turns chan<- string) {
	testkit.Background(c.t, func(ctx context.Context) {
		for ctx.Err() == nil {
			n.sup.JudgingTurn(ctx, func(ctx context.Context) {
				turns <- id + " begins"
				<-ctx.Done()
				turns <- id + " ends"
			})
		}
	})
}

func TestOneNodeAtATimeJudgesReports(t *testing.T) {
	t.Parallel()
	c := newCluster(t, shortLease)
	turns := make(chan string, 100)
	cut := c.cutOff("b")
	a := c.join("a")
	a.judge(c, "a", turns)
	c.want(turns, "a begins")
	b := c.join("b")
	b.judge(c, "b", turns)
	a.stop()
	for range 2 { // a's turn ends with its process, which b need not wait for
		if got := testkit.Next(t, turns); got != "a ends" && got != "b begins" {
			t.Errorf("got %q", got)
		}
	}
	cut()
	c.want(turns, "b ends")
	d := c.join("d")
	d.judge(c, "d", turns)
	c.want(turns, "d begins")
}
