package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/testkit"
)

// note is a row that the tests write.
type note struct {
	ID   string `gorm:"primaryKey"`
	Text string
}

func notes(t testing.TB) *db.DB {
	t.Helper()
	d := testkit.DB(t, time.Now)
	if err := d.AutoMigrate(&note{}); err != nil {
		t.Fatal(err)
	}
	return d
}

var errUnwanted = errors.New("not wanted")

func TestATransactionThatFailsUndoesNothingOfThoseBesideIt(t *testing.T) {
	d := notes(t)
	const writers, each = 20, 15
	var succeeded atomic.Int32
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				ctx, cancel := context.WithCancel(t.Context())
				err := d.Transaction(ctx, func(tx *gorm.DB) error {
					if err := tx.Create(&note{ID: id, Text: "x"}).Error; err != nil {
						return err
					}
					switch i % 5 {
					case 1:
						return errUnwanted
					case 2:
						cancel()
						return tx.Create(&note{ID: id + "-late"}).Error
					case 3:
						return tx.Create(&note{ID: id}).Error // the id is taken
					}
					return nil
				})
				cancel()
				switch {
				case err == nil && i%5 != 0 && i%5 != 4:
					t.Errorf("transaction %s succeeded", id)
				case err == nil:
					succeeded.Add(1)
				case errors.Is(err, driver.ErrBadConn): // of PostgreSQL: pgx has closed it after a cancellation
				case i%5 == 0 || i%5 == 4:
					t.Errorf("transaction %s: %v", id, err)
				}
			}
		})
	}
	running.Wait()
	var ids []string
	if err := d.Model(&note{}).Pluck("id", &ids).Error; err != nil {
		t.Fatal(err)
	}
	if len(ids) != int(succeeded.Load()) {
		t.Errorf("%d rows, want those of %d transactions that succeeded", len(ids), succeeded.Load())
	}
}

func TestWhatATransactionHasCommittedIsReadAtOnce(t *testing.T) {
	d := notes(t)
	var running sync.WaitGroup
	for w := range 8 {
		running.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("%d-%d", w, i)
				if err := d.Create(&note{ID: id}).Error; err != nil {
					t.Error(err)
					return
				}
				if err := d.Take(&note{}, "id = ?", id).Error; err != nil {
					t.Errorf("row %s: %v", id, err)
				}
			}
		})
	}
	running.Wait()
}

func TestATransactionThatWaitsForItsTurnEndsWithItsContext(t *testing.T) {
	d := notes(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Transaction(t.Context(), func(*gorm.DB) error { // has the turn on SQLite
		cancel()
		return d.WithContext(ctx).Create(&note{ID: "late"}).Error
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that its context was canceled", err)
	}
}

func TestATransactionThatHasEndedTakesNoMoreStatements(t *testing.T) {
	d := notes(t)
	tx := d.Begin()
	if err := errors.Join(tx.Error, tx.Create(&note{ID: "1"}).Error, tx.Commit().Error); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"commit": tx.Commit().Error, "rollback": tx.Rollback().Error, "create": tx.Exec("INSERT INTO notes (id) VALUES ('2')").Error,
	} {
		if !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
}

// The rows a second that one, and sixteen, write at the same time: sixteen share their commits.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			d := notes(b)
			var running sync.WaitGroup
			for w := range writers {
				running.Go(func() {
					for i := range b.N / writers {
						if err := d.Create(&note{ID: fmt.Sprintf("%d-%d", w, i)}).Error; err != nil {
							b.Error(err)
						}
					}
				})
			}
			running.Wait()
		})
	}
}

func TestASnapshotWaitsForNoWriterSeesOneStateAndWritesNothing(t *testing.T) {
	d := notes(t)
	if err := d.Create(&note{ID: "a"}).Error; err != nil {
		t.Fatal(err)
	}
	count := func(tx *gorm.DB) (n int64) {
		if err := tx.Model(&note{}).Count(&n).Error; err != nil {
			t.Error(err)
		}
		return n
	}
	err := d.Snapshot(t.Context(), func(before *gorm.DB) error {
		if n := count(before); n != 1 {
			t.Errorf("%d notes at first", n)
		}
		return d.Transaction(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Create(&note{ID: "b"}).Error; err != nil {
				return err
			}
			return d.Snapshot(t.Context(), func(meanwhile *gorm.DB) error {
				if n := count(meanwhile); n != 1 {
					t.Errorf("%d notes while one is written", n)
				}
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Snapshot(t.Context(), func(before *gorm.DB) error {
		if n := count(before); n != 2 {
			t.Errorf("%d notes after the commit", n)
		}
		if err := d.Create(&note{ID: "c"}).Error; err != nil {
			return err
		}
		if n := count(before); n != 2 {
			t.Errorf("%d notes in the state of before", n)
		}
		return before.Create(&note{ID: "d"}).Error
	})
	if n := count(d.DB); err == nil || n != 3 {
		t.Errorf("%d notes in the end, %v", n, err)
	}
}
