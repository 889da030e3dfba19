package bus_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
	"linienfunk/internal/wait"
)

func TestAfterAFullDiskReportsAreRefusedAndThenStoredAgainWithoutARestart(t *testing.T) {
	t.Parallel()
	disk := testkit.NewSmallDisk(t, "32m")
	b, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(disk.Dir, "nats"), Shards: 1, Log: testkit.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	consume(t, b.Run)
	var stored []string
	publish := func(id string) error {
		r := newReport(id)
		r.Text = strings.Repeat("kontrolle ", 500)
		err := b.PublishReport(t.Context(), r)
		if err == nil {
			stored = append(stored, id)
		}
		return err
	}
	if err := publish("before"); err != nil {
		t.Fatal(err)
	}

	disk.Fill(t)
	more := 0
	testkit.Eventually(t, "a report cannot be stored", func() bool {
		more++
		return publish(fmt.Sprint("full ", more)) != nil
	})
	testkit.Eventually(t, "Ping names the full disk", func() bool { return errors.Is(b.Ping(t.Context()), syscall.ENOSPC) })
	if err := publish("meanwhile"); err == nil {
		t.Error("a report is accepted that could not be stored")
	}

	disk.Free(t)
	testkit.Eventually(t, "reports are stored again", func() bool { return b.Ping(t.Context()) == nil && publish("after") == nil })
	got := consumeReports(t, b)
	for _, want := range stored {
		if m := testkit.Next(t, got); m.Value.ID != want {
			t.Errorf("got the report %q, want %q", m.Value.ID, want)
		}
	}
}

// nats-server 2.15.2 locks itself out of a stream when the disk has no space for what a purge writes: compactLocked holds the lock that rebuildState
// wants.
func TestAServerThatIsStuckOnAFullDiskIsReplaced(t *testing.T) {
	t.Parallel()
	disk := testkit.NewSmallDisk(t, "32m")
	b, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(disk.Dir, "nats"), Shards: 1, Log: testkit.Log(t), Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	consume(t, b.Run)
	const many = 300 // whose removal takes more than what is left of a page
	for i := range many {
		if err := b.PublishReport(t.Context(), newReport(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan bus.Msg, 2*many)
	consume(t, func(ctx context.Context) error {
		for ctx.Err() == nil {
			_ = b.ConsumeReports(ctx, func(m bus.Msg) { got <- m })
			wait.For(ctx, 100*time.Millisecond) // as the censor does
		}
		return ctx.Err()
	})
	var all []bus.Msg
	for range many {
		all = append(all, testkit.Next(t, got))
	}
	disk.Fill(t)
	for _, m := range all[:many-1] {
		m.Ack()
	}
	testkit.Eventually(t, "Ping fails", func() bool {
		_ = b.PublishReport(t.Context(), newReport("meanwhile")) // on a slow machine the purges may be small enough to succeed
		return b.Ping(t.Context()) != nil
	})
	disk.Free(t)
	testkit.Eventually(t, "reports are stored again", func() bool {
		return b.Ping(t.Context()) == nil && b.PublishReport(t.Context(), newReport("after")) == nil
	})
	m := testkit.Next(t, got)
	for m.Value.ID == "meanwhile" {
		m = testkit.Next(t, got)
	}
	if m.Value.ID != "after" {
		t.Errorf("got report %s", m.Value.ID)
	}
	all[many-1].Ack() // the caller has it still
}
