package db_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/disk"
	"linienfunk/internal/testkit"
)

func TestErrorsOfAFullDiskNameTheDisk(t *testing.T) {
	t.Parallel()
	small := testkit.NewSmallDisk(t, "8m")
	d := openFile(t, filepath.Join(small.Dir, "linienfunk.db"))
	small.Fill(t)
	testkit.Eventually(t, "a write fails and names the disk", func() bool {
		r := newReport(time.Now().String())
		r.Text = strings.Repeat("kontrolle ", 800)
		_, err := d.Record(t.Context(), db.Judged{Report: r, Verdict: passed, Status: db.Queued})
		return err != nil && strings.Contains(err.Error(), "disk cannot be read or written; it may be full")
	})
	if err := d.Ping(t.Context()); disk.Reason(err) != "the disk is full" {
		t.Errorf("Ping does not name the full disk: %v", err)
	}
	_, err := db.Open(t.Context(), filepath.Join(small.Dir, "new.db"), time.Now)
	if err == nil || !strings.Contains(err.Error(), "it may be full") {
		t.Errorf("opening a database: %v", err)
	}
	small.Free(t)
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("Ping after there is space again: %v", err)
	}
	record(t, d, newReport("after"))
}
