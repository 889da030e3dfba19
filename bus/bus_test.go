package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

func newReport(id string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: "kontrolle " + id, At: time.Now()}
}

// consumeReports consumes reports until the test ends, without acknowledging them.
func consumeReports(t *testing.T, b *bus.Bus) <-chan bus.Msg {
	t.Helper()
	got := make(chan bus.Msg, 100)
	consume(t, func(ctx context.Context) error {
		return b.ConsumeReports(ctx, func(m bus.Msg) { got <- m })
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
	m.Ack()
}

// publishTogether publishes many reports at the same time.
func publishTogether(t *testing.T, b *bus.Bus, many int) {
	t.Helper()
	var publishing sync.WaitGroup
	for i := range many {
		publishing.Go(func() {
			if err := b.PublishReport(t.Context(), newReport(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	publishing.Wait()
}

func TestReportsThatComeTogetherShareMessages(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	const many = 500
	publishTogether(t, b, many)
	got := consumeReports(t, b)
	reports, messages := map[string]bool{}, map[uint64]bool{}
	for range many {
		m := testkit.Next(t, got)
		reports[m.Value.ID], messages[m.Seq] = true, true
		m.Ack()
	}
	if len(reports) != many || len(messages) >= many {
		t.Errorf("%d reports in %d messages", len(reports), len(messages))
	}
}

func TestAReportThatIsPutBackComesAgainBehindNewerOnes(t *testing.T) {
	t.Parallel()
	b := testkit.Bus(t)
	publishTogether(t, b, 200)
	got := consumeReports(t, b)
	again := map[string]bool{}
	var last uint64
	for range 200 {
		m := testkit.Next(t, got)
		if last = m.Seq; m.Part != 1 {
			m.Ack()
			continue
		}
		again[m.Value.ID] = true
		m.Requeue(time.Millisecond)
	}
	if len(again) == 0 {
		t.Fatal("no report shares a message")
	}
	for range again {
		m := testkit.Next(t, got)
		if !again[m.Value.ID] || m.Seq <= last {
			t.Errorf("report %s came again, in message %d", m.Value.ID, m.Seq)
		}
		m.Ack()
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReportsInTheStreamOfAnEarlierProgramAreMoved(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	url, prefix := broker.Address()
	conn, err := nats.Connect(url)
	check(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	check(t, err)
	name := strings.TrimSuffix(prefix, ".")
	for stream, subject := range map[string]string{"INTAKE": "report.in.>", "RELAY": "report.out.>"} {
		if name != "" {
			stream = name + "-" + stream
		}
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: stream, Subjects: []string{prefix + subject}, Retention: jetstream.WorkQueuePolicy})
		check(t, err)
	}
	for _, id := range []string{"1", "2", "3"} {
		data, err := json.Marshal(newReport(id))
		check(t, err)
		_, err = js.Publish(t.Context(), prefix+"report.in.zuerich.elsewhere", data)
		check(t, err)
	}
	got := consumeReports(t, broker.Connect(t))
	for _, want := range []string{"1", "2", "3"} {
		if m := testkit.Next(t, got); m.Value.ID != want || m.Value.Text != "kontrolle "+want {
			t.Errorf("got %+v, want report %s", m.Value, want)
		}
	}
	for info := range js.ListStreams(t.Context()).Info() {
		if strings.HasSuffix(info.Config.Name, "INTAKE") && strings.HasPrefix(info.Config.Name, name) || strings.HasSuffix(info.Config.Name, "RELAY") && strings.HasPrefix(info.Config.Name, name) {
			t.Errorf("there is still a stream %s", info.Config.Name)
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

// embeddedBus opens a bus with an embedded server, and returns a function that reads the files of REPORTS.
func embeddedBus(t *testing.T) (b *bus.Bus, contents func() string) {
	t.Helper()
	dir := t.TempDir()
	b, err := bus.Open(t.Context(), bus.Config{Dir: dir, Shards: 1, Log: testkit.Log(t), Timeout: time.Minute})
	check(t, err)
	t.Cleanup(b.Close)
	return b, func() (all string) {
		files, err := filepath.Glob(filepath.Join(dir, "jetstream/*/streams/REPORTS/msgs/*.blk"))
		check(t, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if !errors.Is(err, fs.ErrNotExist) { // being replaced
				check(t, err)
			}
			all += string(data)
		}
		return all
	}
}

func TestTheBytesOfJudgedReportsAreGoneSoon(t *testing.T) {
	t.Parallel()
	b, contents := embeddedBus(t)
	got := consumeReports(t, b)
	publishTogether(t, b, 100)
	if !strings.Contains(contents(), "kontrolle") {
		t.Error("no report is stored")
	}
	for range 100 {
		testkit.Next(t, got).Ack()
	}
	testkit.Eventually(t, "no text is left", func() bool { return !strings.Contains(contents(), "kontrolle") })
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
	held := make(chan bus.Msg, 10)
	ended := make(chan struct{})
	ctx, kill := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		_ = dead.ConsumeReports(ctx, func(m bus.Msg) { held <- m })
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

func TestReportsAreReadOnceAndInOrderAlthoughTheServerLosesItsConsumers(t *testing.T) {
	t.Parallel()
	broker := testkit.NewBroker(t)
	b := broker.Connect(t)
	got := consumeReports(t, b)
	js, name := broker.JetStream(t, "REPORTS")
	for i := range 30 {
		check(t, b.PublishReport(t.Context(), newReport(fmt.Sprint(i))))
		if m := testkit.Next(t, got); m.Value.ID != fmt.Sprint(i) {
			t.Fatalf("report %s came as number %d", m.Value.ID, i)
		} else if i%2 == 0 { // the others stay in the stream
			m.Ack()
		}
		if i%10 == 5 {
			stream, err := js.Stream(t.Context(), name)
			check(t, err)
			for consumer := range stream.ConsumerNames(t.Context()).Name() {
				check(t, stream.DeleteConsumer(t.Context(), consumer))
			}
		}
	}
}
