package bus_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"linienfunk/bus"
	"linienfunk/internal/testkit"
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
