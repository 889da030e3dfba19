package db_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/archive"
)

// copied is what ReadAll has read, as it would be in a file.
type copied struct {
	layout  db.Layout
	tables  []string
	lines   map[string][][]byte
	digests map[string]archive.Digest
}

func readAll(t *testing.T, from *db.DB) copied {
	t.Helper()
	c := copied{lines: map[string][][]byte{}, digests: map[string]archive.Digest{}}
	sums := map[string]*archive.Summer{}
	err := from.Snapshot(t.Context(), func(tx *gorm.DB) (err error) {
		begin := func(table string) error {
			c.tables, sums[table] = append(c.tables, table), &archive.Summer{}
			return nil
		}
		c.layout, err = from.ReadAll(t.Context(), tx, begin, func(line []byte) error {
			table := c.tables[len(c.tables)-1]
			c.lines[table] = append(c.lines[table], bytes.Clone(line))
			sums[table].Add(line)
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for table, sum := range sums {
		c.digests[table] = sum.Digest()
	}
	text, err := json.Marshal(c.layout) // it travels in a file
	if err == nil {
		c.layout = db.Layout{}
		err = json.Unmarshal(text, &c.layout)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c copied) fill(t *testing.T, to *db.DB, last func(*gorm.DB) error) error {
	t.Helper()
	return to.Fill(t.Context(), c.layout, func(table string) archive.Digest { return c.digests[table] }, func(f *db.Filling) error {
		for _, table := range c.tables {
			for _, line := range c.lines[table] {
				if err := f.Add(table, line); err != nil {
					return err
				}
			}
		}
		return nil
	}, last)
}

func nothing(*gorm.DB) error { return nil }

func TestACopyIsWrittenAsItWasIntoEitherDatabase(t *testing.T) {
	t.Parallel()
	from, there, back := openFile(t, filepath.Join(t.TempDir(), "linienfunk.db")), openEmpty(t), openFile(t, filepath.Join(t.TempDir(), "back.db"))
	for _, d := range []*db.DB{from, back} {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 28, 7, 0, 0, 123456000, time.UTC)
	for _, row := range []any{&db.Session{Token: "token", AdminID: 1, Data: []byte{0, 255, '?', 0}, ExpiresAt: at}, &db.Admin{Address: "ä?@example.net", Password: "<&>", Confirmed: true}} {
		if err := from.Create(row).Error; err != nil {
			t.Fatal(err)
		}
	}
	for id := range 300 {
		record(t, from, newReport(time.Duration(id).String()))
	}
	if err := from.Exec("DELETE FROM ledger_deliveries WHERE entry_id > 290").Error; err != nil {
		t.Fatal(err)
	}
	if err := from.Exec("DELETE FROM ledger_entries WHERE id > 290").Error; err != nil {
		t.Fatal(err)
	}
	first := readAll(t, from)
	if err := first.fill(t, there, nothing); err != nil {
		t.Fatal(err)
	}
	second := readAll(t, there)
	if err := second.fill(t, back, nothing); err != nil {
		t.Fatal(err)
	}
	for table, want := range first.digests {
		if got := readAll(t, back).digests[table]; got != want || second.digests[table] != want {
			t.Errorf("%s: %+v, then %+v, then %+v", table, want, second.digests[table], got)
		}
	}
	if made := record(t, back, newReport("next")); made.ID != 301 {
		t.Errorf("the next entry has the number %d: those of deleted ones must not be given again", made.ID)
	}
	if err := first.fill(t, there, nothing); !errors.Is(err, db.ErrNotEmpty) {
		t.Errorf("a second copy: %v", err)
	}
}

func TestATextThatIsNoUTF8IsCopied(t *testing.T) {
	t.Parallel()
	from, to := openFile(t, filepath.Join(t.TempDir(), "from.db")), openFile(t, filepath.Join(t.TempDir(), "to.db"))
	for _, d := range []*db.DB{from, to} {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Create(&db.City{Name: "z\xfcrich"}).Error; err != nil {
		t.Fatal(err)
	}
	if err := readAll(t, from).fill(t, to, nothing); err != nil {
		t.Fatal(err)
	}
	if names, err := to.CityNames(t.Context()); err != nil || len(names) != 1 || names[0] != "z\xfcrich" {
		t.Errorf("%q, %v", names, err)
	}
}

func TestACopyThatIsNotWholeLeavesNothing(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	for _, id := range []string{"1", "2"} {
		record(t, from, newReport(id))
	}
	broken := errors.New("the broker does not answer")
	whole := readAll(t, from)
	if err := whole.fill(t, to, func(*gorm.DB) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	less := readAll(t, from)
	less.lines["ledger_entries"] = less.lines["ledger_entries"][:1]
	if err := less.fill(t, to, nothing); err == nil || !strings.Contains(err.Error(), "ledger_entries") {
		t.Errorf("a row is missing: %v", err)
	}
	wrong := readAll(t, from)
	wrong.lines["ledger_entries"][0] = []byte(`["one value"]`)
	if err := wrong.fill(t, to, nothing); err == nil || !strings.Contains(err.Error(), "ledger_entries") {
		t.Errorf("a row of another table: %v", err)
	}
	if err := whole.fill(t, to, nothing); err != nil {
		t.Errorf("after all of that: %v", err)
	}
}

func TestACopyOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	if err := from.Exec("CREATE TABLE later (id integer)").Error; err != nil {
		t.Fatal(err)
	}
	if err := readAll(t, from).fill(t, to, nothing); err == nil || !strings.Contains(err.Error(), "tables that are missing here") {
		t.Error(err)
	}
	if err := readAll(t, to).fill(t, from, nothing); err == nil || !strings.Contains(err.Error(), "table later is missing in the copy") {
		t.Error(err)
	}
}

func TestASnapshotThatIsFixedMayBeSilentForLong(t *testing.T) {
	t.Parallel()
	d := openEmpty(t)
	if d.Name() == "sqlite" {
		return // which waits for nobody
	}
	err := d.Snapshot(t.Context(), func(tx *gorm.DB) error {
		if err := d.Fix(tx); err != nil {
			return err
		}
		var limit string
		if err := tx.Raw("SHOW idle_in_transaction_session_timeout").Scan(&limit).Error; err != nil || limit != "0" {
			t.Errorf("the server ends a silent transaction after %q, %v", limit, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
