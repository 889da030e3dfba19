package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

func TestOrdersOfAShardArriveInOrderWithoutALimitOfUnacknowledgedOnes(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	const many = 1500 // more than JetStream's default limit of 1000 unacknowledged messages
	for i := range many {
		order := bus.Order{City: "zuerich", Key: newReport(fmt.Sprint(i)).Key(), Bot: "somewhere", Entry: uint(i)}
		if err := b.PublishOrder(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan bus.Msg[bus.Order], many)
	consume(t, func(ctx context.Context) error {
		return b.ConsumeOrders(ctx, b.Shard("zuerich"), func(m bus.Msg[bus.Order]) { got <- m })
	})
	for i := range many {
		if m := testkit.Next(t, got); m.Value.Entry != uint(i) {
			t.Fatalf("order %d came as number %d", m.Value.Entry, i)
		}
	}
}

func TestAShardGetsOnlyItsOwnCities(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	shards := map[int]string{}
	for i := 0; len(shards) < 2; i++ {
		city := fmt.Sprintf("city%d", i)
		shards[b.Shard(city)] = city
	}
	for shard, city := range shards {
		if err := b.PublishOrder(t.Context(), bus.Order{City: city, Key: city + ":net:1", Bot: "somewhere"}); err != nil {
			t.Fatal(err)
		}
		got := make(chan bus.Msg[bus.Order], 10)
		consume(t, func(ctx context.Context) error {
			return b.ConsumeOrders(ctx, shard, func(m bus.Msg[bus.Order]) { got <- m })
		})
		if m := testkit.Next(t, got); m.Value.City != city {
			t.Errorf("shard %d got %s, want %s", shard, m.Value.City, city)
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

func TestAnOrderOfAnEarlierProgramStillNamesItsReport(t *testing.T) {
	t.Parallel()
	var o bus.Order
	err := json.Unmarshal([]byte(`{"report": {"city": "zuerich", "bot": "net", "id": "7", "text": "kontrolle"}, "entry": 3, "bot": "web"}`), &o)
	if want := (bus.Order{City: "zuerich", Entry: 3, Key: "zuerich:net:7", Bot: "web"}); err != nil || o != want {
		t.Errorf("%+v, %v, want %+v", o, err, want)
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

func TestWhatADeadNodeHeldComesAtOnceAndBeforeNewerOrders(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	dead := broker.Connect(t)
	publish := func(i int) {
		t.Helper()
		if err := dead.PublishOrder(t.Context(), bus.Order{City: "zuerich", Key: fmt.Sprint(i), Bot: "net", Entry: uint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		publish(i)
	}
	held := make(chan bus.Msg[bus.Order], 10)
	ended := make(chan struct{})
	ctx, kill := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_ = dead.ConsumeOrders(ctx, dead.Shard("zuerich"), func(m bus.Msg[bus.Order]) { held <- m })
	}()
	for range 5 {
		testkit.Next(t, held)
	}
	publish(5)
	testkit.Next(t, held)
	kill()
	<-ended
	dead.Close()

	next := broker.Connect(t)
	got := make(chan bus.Msg[bus.Order], 10)
	consume(t, func(ctx context.Context) error {
		return next.ConsumeOrders(ctx, next.Shard("zuerich"), func(m bus.Msg[bus.Order]) { got <- m })
	})
	if err := next.PublishOrder(t.Context(), bus.Order{City: "zuerich", Key: "6", Bot: "net", Entry: 6}); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		if m := testkit.Next(t, got); m.Value.Entry != uint(i) {
			t.Fatalf("order %d came as number %d", m.Value.Entry, i)
		}
	}
}

func TestANewNodeTakesNothingFromOneThatRuns(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	first := broker.Connect(t)
	got := make(chan bus.Msg[bus.Order], 10)
	read := func(b *bus.Bus) {
		consume(t, func(ctx context.Context) error {
			return b.ConsumeOrders(ctx, b.Shard("zuerich"), func(m bus.Msg[bus.Order]) { got <- m })
		})
	}
	read(first)
	publish := func(i int) {
		t.Helper()
		if err := first.PublishOrder(t.Context(), bus.Order{City: "zuerich", Key: fmt.Sprint(i), Bot: "net", Entry: uint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	publish(1)
	held := testkit.Next(t, got)
	second := broker.Connect(t)
	read(second)
	publish(2)
	if m := testkit.Next(t, got); m.Value.Entry != 2 || m.Deliveries != 1 {
		t.Errorf("order %d was delivered %d times", m.Value.Entry, m.Deliveries)
	}
	if err := held.Ack(t.Context()); err != nil {
		t.Error(err)
	}
}
