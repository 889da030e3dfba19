package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

func newReport(id string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: "kontrolle " + id, At: time.Now()}
}

// consumeReports consumes reports until the test ends, without acknowledging them.
func consumeReports(t *testing.T, b *bus.Bus) <-chan bus.Msg[report.Report] {
	t.Helper()
	got := make(chan bus.Msg[report.Report], 100)
	consume(t, func(ctx context.Context) error {
		return b.ConsumeReports(ctx, func(m bus.Msg[report.Report]) { got <- m })
	})
	return got
}

func consume(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := f(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("consuming ended with %v", err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
}

func TestAPublishedReportIsDelivered(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	want := newReport("1")
	if err := b.PublishReport(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	m := testkit.Next(t, consumeReports(t, b))
	if m.Value.Key() != want.Key() || m.Value.Text != want.Text {
		t.Errorf("got %+v", m.Value)
	}
	if err := m.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestADuplicateReportIsDropped(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	for _, id := range []string{"1", "1", "2", "1"} {
		if err := b.PublishReport(t.Context(), newReport(id)); err != nil {
			t.Fatal(err)
		}
	}
	got := consumeReports(t, b)
	for _, want := range []string{"1", "2"} {
		if m := testkit.Next(t, got); m.Value.ID != want {
			t.Errorf("got report %s, want %s", m.Value.ID, want)
		}
	}
	if err := b.PublishReport(t.Context(), newReport("3")); err != nil {
		t.Fatal(err)
	}
	if m := testkit.Next(t, got); m.Value.ID != "3" {
		t.Errorf("got report %s, want 3", m.Value.ID)
	}
}

func TestARequeuedReportIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	if err := b.PublishReport(t.Context(), newReport("1")); err != nil {
		t.Fatal(err)
	}
	got := consumeReports(t, b)
	first := testkit.Next(t, got)
	if err := first.Requeue(0); err != nil {
		t.Fatal(err)
	}
	if second := testkit.Next(t, got); second.Seq != first.Seq {
		t.Errorf("message %d came as %d", first.Seq, second.Seq)
	}
}

func TestOrdersArriveInOrderAtEverySubscriber(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	one, other := broker.Connect(t), broker.Connect(t)
	const many = 1500
	got := make(chan bus.Order, 2*many)
	for _, b := range []*bus.Bus{one, other} {
		stop, err := b.SubscribeOrders(func(o bus.Order) { got <- o })
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

func TestNotificationsReachSubscribersOfTheirSubject(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	got := make(chan string, 10)
	stop, err := b.Subscribe("account.*.*", func(subject string, data []byte) { got <- subject + " " + string(data) })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	b.Notify("settings.zuerich", []byte("not for us"))
	b.Notify("account.x.zuerich", []byte("for us"))
	if hint := testkit.Next(t, got); hint != "account.x.zuerich for us" {
		t.Errorf("got %q", hint)
	}
}

func TestAPublishedReportSurvivesARestart(t *testing.T) {
	t.Parallel()
	address, prefix := testkit.NATS(t)
	config := bus.Config{URL: address, Prefix: prefix, Dir: t.TempDir(), Shards: 4, Log: testkit.Log(t)}
	b, err := bus.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishReport(t.Context(), newReport("1")); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if b, err = bus.Open(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if m := testkit.Next(t, consumeReports(t, b)); m.Value.ID != "1" {
		t.Errorf("got %+v", m.Value)
	}
}

func TestTheBytesOfAReportAreGoneAlthoughAnOlderOneWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, err := bus.Open(t.Context(), bus.Config{Dir: dir, Shards: 1, Log: testkit.Log(t), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	got := consumeReports(t, b)
	for _, id := range []string{"waits", "first", "second"} {
		if err := b.PublishReport(t.Context(), newReport(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := testkit.Next(t, got).Requeue(time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := testkit.Next(t, got).Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	contents := func() (all string) {
		files, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/INTAKE/msgs/*.blk"))
		if err != nil || len(files) == 0 {
			t.Fatal("no files", err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all += string(data)
		}
		return all
	}
	all := contents()
	if strings.Contains(all, "kontrolle first") || strings.Contains(all, "kontrolle second") || !strings.Contains(all, "kontrolle waits") {
		t.Errorf("the stream's files hold %q", all)
	}
	if err := b.PublishReport(t.Context(), newReport("third")); err != nil {
		t.Fatal(err)
	}
	if m := testkit.Next(t, got); m.Value.ID != "third" {
		t.Errorf("got %s", m.Value.ID)
	}
}

func TestWhatADeadNodeHeldComesAtOnceAndBeforeNewerReports(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	dead := broker.Connect(t)
	publish := func(b *bus.Bus, i int) {
		t.Helper()
		if err := b.PublishReport(t.Context(), newReport(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		publish(dead, i)
	}
	held := make(chan bus.Msg[report.Report], 10)
	ended := make(chan struct{})
	ctx, kill := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_ = dead.ConsumeReports(ctx, func(m bus.Msg[report.Report]) { held <- m })
	}()
	for range 5 {
		testkit.Next(t, held)
	}
	publish(dead, 5)
	testkit.Next(t, held)
	kill()
	<-ended
	dead.Close()

	next := broker.Connect(t)
	got := consumeReports(t, next)
	publish(next, 6)
	for i := range 7 {
		if m := testkit.Next(t, got); m.Value.ID != fmt.Sprint(i) {
			t.Fatalf("report %s came as number %d", m.Value.ID, i)
		}
	}
}

func TestANewNodeTakesNothingFromOneThatRuns(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	first := broker.Connect(t)
	got := make(chan bus.Msg[report.Report], 10)
	read := func(b *bus.Bus) {
		consume(t, func(ctx context.Context) error {
			return b.ConsumeReports(ctx, func(m bus.Msg[report.Report]) { got <- m })
		})
	}
	read(first)
	publish := func(id string) {
		t.Helper()
		if err := first.PublishReport(t.Context(), newReport(id)); err != nil {
			t.Fatal(err)
		}
	}
	publish("1")
	held := testkit.Next(t, got)
	second := broker.Connect(t)
	read(second)
	publish("2")
	if m := testkit.Next(t, got); m.Value.ID != "2" || m.Deliveries != 1 {
		t.Errorf("report %s was delivered %d times", m.Value.ID, m.Deliveries)
	}
	if err := held.Ack(t.Context()); err != nil {
		t.Error(err)
	}
}
