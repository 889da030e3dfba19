package bus_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
)

func TestOrdersArriveInOrderAtEverySubscriber(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	one, other := broker.Connect(t), broker.Connect(t)
	const many = 1500
	got := make(chan bus.Order, 2*many)
	for _, b := range []*bus.Bus{one, other} {
		stop, err := b.SubscribeOrders(func(o bus.Order) { got <- o }, func() {})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	want := bus.Order{Bots: []string{"net", "web"}, Report: newReport("1"), Expire: time.Now().Add(time.Hour), Known: true}
	for i := range many {
		want.Entry = uint(i)
		if err := one.PublishOrder(want); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[uint]int{}
	for range 2 * many {
		o := testkit.Next(t, got)
		if seen[o.Entry]++; o.Entry > 0 && seen[o.Entry] > seen[o.Entry-1] {
			t.Fatalf("order %d came before %d", o.Entry, o.Entry-1)
		}
		if !slices.Equal(o.Bots, want.Bots) || o.Report.Text != want.Report.Text || !o.Expire.Equal(want.Expire) || !o.Known || o.Recall {
			t.Fatalf("got %+v", o)
		}
	}
}

func TestASubscriberLearnsThatOrdersAreMissingBeforeItGetsTheNext(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	one, other := broker.Connect(t), broker.Connect(t)
	publish := func(entry uint) {
		t.Helper()
		check(t, one.PublishOrder(bus.Order{Entry: entry, Report: newReport("1")}))
	}
	arrived := make(chan bus.Order, 10)
	stopOne, err := one.SubscribeOrders(func(o bus.Order) { arrived <- o }, func() {})
	check(t, err)
	defer stopOne()
	publish(1) // before the other one listens
	testkit.Next(t, arrived)
	got := make(chan string, 10)
	stop, err := other.SubscribeOrders(func(o bus.Order) { got <- fmt.Sprint(o.Entry) }, func() { got <- "missing" })
	check(t, err)
	defer stop()
	publish(2)
	publish(3)
	for _, want := range []string{"missing", "2", "3"} {
		if event := testkit.Next(t, got); event != want {
			t.Errorf("got %s, not %s", event, want)
		}
	}
}
