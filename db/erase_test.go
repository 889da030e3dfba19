package db_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

// openFile opens a SQLite database with the core's tables, whichever database the other tests use.
func openFile(t *testing.T, path string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// texts counts the texts of newReport in a database's files.
func texts(t *testing.T, path string) (count int) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		count += bytes.Count(data, []byte("kontrolle ")) + bytes.Count(data, []byte("https://x/"))
	}
	return count
}

func TestDeletedTextsAreGoneFromTheFilesOfSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "linienfunk.db")
	d := openFile(t, path)
	for i := range 300 {
		record(t, d, newReport(fmt.Sprint(i)), "net")
	}
	if texts(t, path) == 0 {
		t.Fatal("the test looks in the wrong files")
	}
	if _, err := d.DeleteTexts(t.Context(), "zuerich", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := d.Erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := texts(t, path); n > 0 {
		t.Errorf("%d texts are left while the database is open", n)
	}
	d.Close()
	if n := texts(t, path); n > 0 {
		t.Errorf("%d texts are left", n)
	}
}

func TestTextsThatAnEarlierProgramDeletedAreErasedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "linienfunk.db")
	d := openFile(t, path)
	conn, err := d.SQL().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute := func(statement string) {
		t.Helper()
		if _, err := conn.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	execute("PRAGMA user_version = 0")
	execute("PRAGMA secure_delete = off")
	execute("CREATE TABLE texts (text TEXT)")
	for i := range 100 {
		execute(fmt.Sprintf("INSERT INTO texts VALUES ('kontrolle %d')", i))
	}
	execute("DELETE FROM texts")
	conn.Close()
	d.Close()
	if texts(t, path) == 0 {
		t.Fatal("nothing is left that could be erased")
	}
	openFile(t, path)
	if n := texts(t, path); n > 0 {
		t.Errorf("%d texts are left", n)
	}
}

func TestALongWriteAheadLogIsCutWhenItsReaderHasGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "linienfunk.db")
	d := openFile(t, path)
	record(t, d, newReport("1"))
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	rows, err := d.SQL().QueryContext(t.Context(), "SELECT id FROM ledger_entries") // reads the log as it is now, until it is closed
	if err != nil {
		t.Fatal(err)
	}
	rows.Next()
	for i := range 400 {
		r := newReport(fmt.Sprint("long ", i))
		r.Text = strings.Repeat("kontrolle ", 800)
		record(t, d, r)
	}
	if size() < 5<<20 {
		t.Fatalf("the log has only %d bytes", size())
	}
	rows.Close()
	testkit.Eventually(t, "the log is cut", func() bool {
		record(t, d, newReport(fmt.Sprint("after ", time.Now().UnixNano())))
		return size() <= 4<<20
	})
}
