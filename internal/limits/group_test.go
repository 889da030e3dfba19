package limits_test

import (
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/internal/limits"
	"linienfunk/internal/testkit"
)

// frozen is a clock for several goroutines.
type frozen struct {
	mu sync.Mutex
	clock
}

func (f *frozen) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *frozen) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func newFrozen() *frozen { return &frozen{clock: *newClock()} }

// shared is a group of one node whose events go over a real NATS.
type shared struct {
	*limits.Group

	mu   sync.Mutex
	sent []string // what is announced, as it is on the wire
}

func digest(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte("a key of the instance " + text))
	return h.Sum64()
}

func share(t *testing.T, broker testkit.Broker, c *frozen) *shared {
	t.Helper()
	s, b := &shared{Group: limits.NewGroup(c.Now)}, broker.Connect(t)
	s.Share(digest, func(limiter string, event []byte) {
		s.mu.Lock()
		s.sent = append(s.sent, limiter+" "+string(event))
		s.mu.Unlock()
		if err := b.Notify("limits."+limiter, event); err != nil {
			t.Error(err)
		}
	})
	stop, err := b.Subscribe("limits.>", func(subject string, event []byte) { s.Counted(strings.TrimPrefix(subject, "limits."), event) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

// used waits until a limiter has heard of so many events of a key that none is left.
func used(t *testing.T, l *limits.Limiter, key string) {
	t.Helper()
	testkit.Eventually(t, key+" is used up on the other node", func() bool { return l.Left(key) < 1 })
}

func TestNodesAllowAKeyTogetherWhatOneAllowsAlone(t *testing.T) {
	t.Parallel()
	broker, c := testkit.NewBroker(t), newFrozen()
	one, two := share(t, broker, c), share(t, broker, c)
	rate := limits.Rate{Burst: 4, Every: time.Minute}
	a, b, other := one.New("web.addresses", rate), two.New("web.addresses", rate), two.New("web.cities", rate)
	if n := count(9, func(int) bool { return a.Allow("192.0.2.1") }); n != 4 {
		t.Fatalf("one node alone allows %d", n)
	}
	used(t, b, "192.0.2.1")
	if b.Allow("192.0.2.1") {
		t.Error("the other node allows more")
	}
	if !b.Allow("192.0.2.2") || !other.Allow("192.0.2.1") {
		t.Error("another key, or another limiter, has to pay for it")
	}
	c.advance(2 * time.Minute)
	if n := count(9, func(int) bool { return b.Allow("192.0.2.1") }); n != 2 {
		t.Errorf("after two minutes the other node allows %d", n)
	}
	used(t, a, "192.0.2.1")
}

func TestARepeatedEventDoesNotCountOnAnyNode(t *testing.T) {
	t.Parallel()
	broker, c := testkit.NewBroker(t), newFrozen()
	one, two := share(t, broker, c), share(t, broker, c)
	rate := limits.Rate{Burst: 1, Every: time.Minute}
	a, b := one.New("mail.authors", rate), two.New("mail.authors", rate)
	if !a.AllowOnce("marta", "mail 1") {
		t.Fatal("the first mail is not allowed")
	}
	used(t, b, "marta")
	if !b.AllowOnce("marta", "mail 1") || b.AllowOnce("marta", "mail 2") {
		t.Error("the same mail is not allowed on another node, or another one is")
	}
}

func TestWhatNodesAllowTooMuchAtTheSameMomentIsADebt(t *testing.T) {
	t.Parallel()
	broker, c := testkit.NewBroker(t), newFrozen()
	one, two := share(t, broker, c), share(t, broker, c)
	rate := limits.Rate{Burst: 3, Every: time.Minute}
	a, b := one.New("x", rate), two.New("x", rate)
	for range 3 { // neither has heard of the other yet, perhaps
		a.Allow("k")
		b.Allow("k")
	}
	one.mu.Lock()
	two.mu.Lock()
	total := len(one.sent) + len(two.sent)
	one.mu.Unlock()
	two.mu.Unlock()
	for _, l := range []*limits.Limiter{a, b} {
		testkit.Eventually(t, "each node has counted the events of both", func() bool { return l.Left("k") < float64(3-total)+0.5 })
	}
	c.advance(time.Duration(total) * time.Minute)
	if n := count(9, func(int) bool { return a.Allow("k") }); n != 3 {
		t.Errorf("after the debt is paid a burst is %d", n)
	}
}

func TestAnnouncementsIdentifyNobody(t *testing.T) {
	t.Parallel()
	broker, c := testkit.NewBroker(t), newFrozen()
	s := share(t, broker, c)
	l := s.New("mail.authors", limits.PerMinute(5))
	announced := func() string {
		s.mu.Lock()
		s.sent = nil
		s.mu.Unlock()
		l.AllowOnce("marta@example.net", "message 1")
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sent) != 1 {
			t.Fatalf("announced: %q", s.sent)
		}
		return s.sent[0]
	}
	today := announced()
	if len(today) != len("mail.authors ")+24 || strings.Contains(today, "marta") {
		t.Errorf("announced: %q", today)
	}
	c.advance(24 * time.Hour)
	if announced() == today {
		t.Error("a key has the same hash on the next day")
	}
}

func TestFurtherKeysOfAFullTableCountOnAllNodes(t *testing.T) {
	t.Parallel()
	broker, c := testkit.NewBroker(t), newFrozen()
	one, two := share(t, broker, c), share(t, broker, c)
	rate := limits.Rate{Burst: 5, Every: 12 * time.Second, Keys: 1, Overflow: 6}
	a, b := one.New("x", rate), two.New("x", rate)
	a.Allow("known")
	if n := count(20, func(i int) bool { return a.Allow(fmt.Sprint(i)) }); n != 6 {
		t.Fatalf("one node allows %d further keys", n)
	}
	testkit.Eventually(t, "the other node has heard of them", func() bool { return b.Left("a further key") < 1 })
	if b.Allow("a further key") {
		t.Error("the other node allows more further keys")
	}
}
