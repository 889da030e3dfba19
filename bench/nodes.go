package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"linienfunk/db"
)

// Three nodes share three brokers and a database.
const (
	nodeCount   = 3
	brokerCount = 3
)

// nodesLoad is how much nodes sends, and what it does meanwhile.
type nodesLoad struct {
	hits, rate, cities       int
	calm, hit, after, linger time.Duration
	kinds, parts             string
}

func nodesFlags(set *flag.FlagSet) func() []measurement {
	var l nodesLoad
	rounds := set.Lookup("rounds")
	rounds.DefValue = "1"
	_ = rounds.Value.Set("1")
	set.IntVar(&l.hits, "hits", 30, "rounds, in each of which one process is hit")
	set.IntVar(&l.rate, "rate", 100, "reports a second")
	set.IntVar(&l.cities, "cities", 20, "cities, each with a sender")
	set.DurationVar(&l.calm, "calm", 3*time.Second, "reports before a hit")
	set.DurationVar(&l.hit, "hit", 8*time.Second, "how long a process is dead, stopped or cut off")
	set.DurationVar(&l.after, "after", 6*time.Second, "reports after that")
	set.DurationVar(&l.linger, "linger", time.Minute, "how long is waited for the last post of a round")
	set.StringVar(&l.kinds, "kinds", "kill,stop,cut", "what happens to a process: kill is SIGKILL and a start, stop is SIGSTOP and SIGCONT, cut is a pulled cable, term is SIGTERM and a start")
	set.StringVar(&l.parts, "parts", "node,broker,database", "what is hit")
	return func() []measurement {
		return []measurement{{"nodes", fmt.Sprintf("%d nodes, %d brokers, %d reports a second, %d cities, %d hits of %v", nodeCount, brokerCount, l.rate, l.cities, l.hits, l.hit), l.measure}}
	}
}

// encloseNodes runs nodes in namespaces if this process may make some, and is not a test.
func encloseNodes(ctx context.Context) (bool, error) {
	if os.Getenv(hubVariable) != "" || !canConnect() || os.Args[1] != "nodes" {
		return false, nil
	}
	return true, inHub(ctx, hostNames())
}

func hostNames() []string {
	names := []string{"database"}
	for i := range nodeCount {
		names = append(names, fmt.Sprint("node", i))
	}
	for i := range brokerCount {
		names = append(names, fmt.Sprint("broker", i))
	}
	return names
}

// site is everything that runs.
type site struct {
	fake     *fake
	nodes    []*program
	brokers  []*service
	database *service
}

// open starts everything, with as many cities.
func (b *bench) open(ctx context.Context, t target, cities int) (s *site, err error) {
	s = &site{}
	defer func() {
		if err != nil {
			b.closeSite(s)
		}
	}()
	if s.fake, err = b.fake(ctx, 0); err != nil {
		return s, err
	}
	if err := s.fake.reset(ctx); err != nil {
		return s, err
	}
	places := hosts(hostNames())
	if s.database, err = b.newPostgres(ctx, places["database"]); err != nil {
		return s, err
	}
	var on []host
	for i := range brokerCount {
		on = append(on, places[fmt.Sprint("broker", i)])
	}
	if s.brokers, err = b.newBrokers(ctx, on); err != nil {
		return s, err
	}
	for _, one := range append([]*service{s.database}, s.brokers...) {
		if err := errors.Join(one.start(ctx), one.waitPort(ctx)); err != nil {
			return s, err
		}
	}
	if err := s.database.waitDatabase(ctx); err != nil {
		return s, err
	}
	data, err := b.prepareShared(ctx, t, places["node0"], s.database, cities, s.fake)
	if err != nil {
		return s, err
	}
	return s, b.startNodes(ctx, s, t, places, data)
}

// prepareShared has the binary make the tables and the demo's city in the database, and copies the city. It returns a data directory with the key.
func (b *bench) prepareShared(ctx context.Context, t target, on host, database *service, cities int, f *fake) (dir string, err error) {
	if dir, err = os.MkdirTemp(b.dir, "shared-"); err != nil {
		return "", err
	}
	p := newProgramOn(on, t, dir)
	p.env = []string{"LINIENFUNK_DATABASE_URL=" + database.databaseURL()}
	if err := p.start(ctx, "demo"); err != nil {
		return "", err
	}
	if err := p.waitHealthy(ctx); err != nil {
		p.kill()
		return "", err
	}
	if err := p.stop(); err != nil {
		return "", err
	}
	opened, err := db.Open(ctx, database.databaseURL(), time.Now)
	if err != nil {
		return "", err
	}
	return dir, errors.Join(copyCity(ctx, opened, dir, cities, []*fake{f}), opened.Close())
}

func (b *bench) startNodes(ctx context.Context, s *site, t target, places map[string]host, shared string) error {
	addresses := ""
	for _, one := range s.brokers {
		addresses += ",nats://" + one.address
	}
	key, err := os.ReadFile(filepath.Join(shared, "instance.key"))
	if err != nil {
		return err
	}
	for i := range nodeCount {
		data := filepath.Join(b.dir, fmt.Sprint("node", i))
		if err := errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(filepath.Join(data, "instance.key"), key, 0o600)); err != nil {
			return err
		}
		p := newProgramOn(places[fmt.Sprint("node", i)], t, data)
		p.env = []string{"LINIENFUNK_DATABASE_URL=" + s.database.databaseURL(), "LINIENFUNK_NATS_URL=" + addresses[1:], "LINIENFUNK_NATS_REPLICAS=3"}
		s.nodes = append(s.nodes, p)
		if err := p.start(ctx, "serve"); err != nil {
			return err
		}
	}
	return s.waitHealthy(ctx)
}

// waitHealthy waits until all nodes say that they are.
func (s *site) waitHealthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range s.nodes {
		if err := p.waitHealthy(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) closeSite(s *site) {
	for _, p := range s.nodes {
		if p.command != nil {
			p.command.Process.Signal(syscall.SIGCONT)
			b.discard(p)
		}
	}
	for _, one := range append([]*service{s.database}, s.brokers...) {
		if one != nil {
			one.stop()
		}
	}
}
