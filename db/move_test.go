package db_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

// openEmpty opens a migrated database without rows: the one that tests use, or another file.
func openEmpty(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), testkit.DatabaseURL(t, t.TempDir()), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func move(t *testing.T, from, to *db.DB) (tables []string, err error) {
	t.Helper()
	return tables, from.MoveTo(t.Context(), to, func(m db.Moved) { tables = append(tables, m.Table) }, func() error { return nil })
}

func TestAllRowsMoveAsTheyAreAndBack(t *testing.T) {
	t.Parallel()
	from, there, back := openFile(t, filepath.Join(t.TempDir(), "linienfunk.db")), openEmpty(t), openFile(t, filepath.Join(t.TempDir(), "back.db"))
	for _, d := range []*db.DB{from, back} {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 28, 7, 0, 0, 123456000, time.UTC)
	session := db.Session{Token: "token", AdminID: 1, Data: []byte{0, 255, '?', 0}, ExpiresAt: at}
	for _, row := range []any{&session, &db.Session{Token: "empty", Data: []byte{}, ExpiresAt: at}, &db.Admin{Address: "ä?@example.net", Password: "x", Confirmed: true}} {
		if err := from.Create(row).Error; err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Create(&db.Number{City: "zuerich", Period: 20261100, Kind: db.NumberOfLine, Name: "U8", Reports: 7}).Error; err != nil {
		t.Fatal(err)
	}
	for id := range 3000 { // several batches
		r := newReport(time.Duration(id).String())
		r.Text = "kontrolle $1 ? @x " + strings.Repeat("ü", id%7)
		record(t, from, r)
	}
	if err := from.Exec("DELETE FROM ledger_deliveries WHERE entry_id > 2990").Error; err != nil {
		t.Fatal(err)
	}
	if err := from.Exec("DELETE FROM ledger_entries WHERE id > 2990").Error; err != nil {
		t.Fatal(err)
	}
	for _, ends := range [][2]*db.DB{{from, there}, {there, back}} {
		tables, err := move(t, ends[0], ends[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"admins", "cities", "city_admins", "tokens", "sessions", "ledger_entries", "ledger_deliveries", "revocations", "report_numbers"} {
			if !slices.Contains(tables, table) {
				t.Errorf("%s was not moved", table)
			}
		}
		if slices.Index(tables, "ledger_deliveries") < slices.Index(tables, "ledger_entries") {
			t.Errorf("the order is %q", tables)
		}
	}
	var got db.Session
	if err := back.Where("token = ?", "token").Take(&got).Error; err != nil || !slices.Equal(got.Data, session.Data) || !got.ExpiresAt.Equal(at) {
		t.Errorf("%+v, %v", got, err)
	}
	var number db.Number
	if err := back.Take(&number).Error; err != nil || number.Name != "U8" || number.Reports != 7 {
		t.Errorf("%+v, %v", number, err)
	}
	if made := record(t, back, newReport("next")); made.ID != 3001 {
		t.Errorf("the next entry has the number %d: those of deleted ones must not be given again", made.ID)
	}
	if _, err := move(t, from, there); !errors.Is(err, db.ErrNotEmpty) {
		t.Errorf("a second move: %v", err)
	}
}

func TestBytesMoveFromTheFirstColumnOfATable(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	type sealed struct {
		Address []byte `gorm:"not null"`
		Row     uint   `gorm:"primaryKey"`
	}
	for _, d := range []*db.DB{from, to} {
		if err := d.Table("sealed").AutoMigrate(&sealed{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Table("sealed").Create(&[]sealed{{[]byte{1, 0, 2}, 1}, {[]byte{}, 2}}).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := move(t, from, to); err != nil {
		t.Fatal(err)
	}
	var got []sealed
	if err := to.Table("sealed").Order("row").Find(&got).Error; err != nil || len(got) != 2 || string(got[0].Address) != "\x01\x00\x02" || got[1].Address == nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestLargeRowsMoveInSeveralStatements(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	type large struct {
		ID   uint   `gorm:"primaryKey"`
		Data []byte `gorm:"not null"`
	}
	for _, d := range []*db.DB{from, to} {
		if err := d.Table("large").AutoMigrate(&large{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 7 {
		if err := from.Table("large").Create(&large{Data: bytes.Repeat([]byte{byte(i)}, 3<<20)}).Error; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := move(t, from, to); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	if err := to.Table("large").Order("id").Pluck("length(data)", &sizes).Error; err != nil || len(sizes) != 7 || sizes[6] != 3<<20 {
		t.Errorf("%v, %v", sizes, err)
	}
}

func TestAMoveThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	record(t, from, newReport("1"))
	broken := errors.New("the broker does not answer")
	if err := from.MoveTo(t.Context(), to, func(db.Moved) {}, func() error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := move(t, from, to); err != nil {
		t.Errorf("moving again: %v", err)
	}
}

func TestDatabasesOfDifferentVersionsAreNotMoved(t *testing.T) {
	t.Parallel()
	from, to := openEmpty(t), openEmpty(t)
	if err := from.Exec("CREATE TABLE later (id integer)").Error; err != nil {
		t.Fatal(err)
	}
	if _, err := move(t, from, to); err == nil || !strings.Contains(err.Error(), "the tables differ") {
		t.Error(err)
	}
}
