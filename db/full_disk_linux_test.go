package db_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

func TestErrorsOfAFullDiskNameTheDisk(t *testing.T) {
	t.Parallel()
	disk := testkit.NewSmallDisk(t, "8m")
	d := openFile(t, filepath.Join(disk.Dir, "linienfunk.db"))
	disk.Fill(t)
	testkit.Eventually(t, "a write fails and names the disk", func() bool {
		r := newReport(time.Now().String())
		r.Text = strings.Repeat("kontrolle ", 800)
		_, err := d.Record(t.Context(), db.Judged{Report: r, Verdict: passed, Status: db.Queued})
		return err != nil && strings.Contains(err.Error(), "disk cannot be read or written; it may be full")
	})
	_, err := db.Open(t.Context(), filepath.Join(disk.Dir, "new.db"), time.Now)
	if err == nil || !strings.Contains(err.Error(), "it may be full") {
		t.Errorf("opening a database: %v", err)
	}
	disk.Free(t)
	record(t, d, newReport("after"))
}
