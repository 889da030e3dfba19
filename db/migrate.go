package db

import (
	"context"
	"errors"
	"time"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"linienfunk/report"
)

// Revocation records that a network revoked an account's access, so that the program does not try again after a restart. It
// applies to one revision of the account: new credentials are a new revision.
type Revocation struct {
	City      string `gorm:"primaryKey;size:32"`
	Bot       string `gorm:"primaryKey;size:32"`
	Revision  string `gorm:"size:64;not null"`
	Detail    string `gorm:"size:500"`
	CreatedAt time.Time
}

// HideIDs replaces the ids in the keys of reports that an earlier program recorded with the ids in clear, once. hide is
// supervisor.Config.HideID. It comes after CheckInstanceKey, since the digest depends on the instance's key. Reports that still wait to
// be sent keep their keys, which their orders name.
func (d *DB) HideIDs(ctx context.Context, hide func(key string) string) error {
	return d.MigratePrefixed(ctx, "", []*gormigrate.Migration{{
		ID: "5-hidden-ids",
		Migrate: func(tx *gorm.DB) error {
			var entries []Entry
			waiting := tx.Model(&Delivery{}).Select("entry_id").Where("status IN ?", []Status{Queued, Retrying})
			return tx.Select("id", "key", "city", "bot").Where("id NOT IN (?)", waiting).FindInBatches(&entries, 1000, func(_ *gorm.DB, _ int) error {
				for _, e := range entries {
					hidden := report.Report{City: e.City, Bot: e.Bot, ID: hide(e.Key)}
					if err := tx.Model(&Entry{}).Where("id = ?", e.ID).Update("key", hidden.Key()).Error; err != nil {
						return err
					}
				}
				return nil
			}).Error
		},
	}})
}

// Migrate creates and updates the core's tables. It comes before all other migrations, and refuses a database on which this program must not
// run them: see Schema.
func (d *DB) Migrate(ctx context.Context) error {
	if err := d.eraseOnce(ctx); err != nil {
		return err
	}
	if err := d.raiseSchema(ctx); err != nil {
		return err
	}
	return d.MigratePrefixed(ctx, "", []*gormigrate.Migration{{
		ID: "1-core",
		Migrate: func(tx *gorm.DB) error {
			return tx.AutoMigrate(&Admin{}, &City{}, &CityAdmin{}, &Token{}, &Session{}, &Entry{}, &Delivery{}, &Revocation{})
		},
	}, {
		ID:      "2-instance",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Instance{}) },
	}, {
		ID: "3-withdrawn",
		Migrate: func(tx *gorm.DB) error {
			if tx.Migrator().HasColumn(&Entry{}, "withdrawn") { // 1-core created it
				return nil
			}
			return tx.Migrator().AddColumn(&Entry{}, "Withdrawn")
		},
	}, {
		ID: "4-ref",
		Migrate: func(tx *gorm.DB) error {
			if tx.Migrator().HasColumn(&Entry{}, "ref") {
				return nil
			}
			return tx.Migrator().AddColumn(&Entry{}, "Ref")
		},
	}, {ID: "6-due", Migrate: makeDue}, {
		ID:      "7-nodes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Node{}, &Shard{}) },
	}, {
		ID: "8-schema",
		Migrate: func(tx *gorm.DB) error {
			if tx.Migrator().HasColumn(&Node{}, "schema") {
				return nil
			}
			return tx.Migrator().AddColumn(&Node{}, "Schema")
		},
	}, {
		ID: "9-roles",
		Migrate: func(tx *gorm.DB) error {
			if tx.Migrator().HasColumn(&Node{}, "roles") {
				return nil
			}
			return tx.Migrator().AddColumn(&Node{}, "Roles")
		},
	}, {
		ID: "10-readings",
		Migrate: func(tx *gorm.DB) error {
			for _, field := range []string{"Reading", "About", "Counted", "Confirmations", "EndedAt"} {
				if err := addColumn(tx, &Entry{}, field); err != nil {
					return err
				}
			}
			if err := addColumn(tx, &Delivery{}, "EditUntil"); err != nil {
				return err
			}
			return tx.Exec("CREATE INDEX idx_ledger_deliveries_edits ON ledger_deliveries (entry_id) WHERE edit_until IS NOT NULL").Error
		},
	}, {
		ID: "11-numbers",
		Migrate: func(tx *gorm.DB) error {
			if err := addColumn(tx, &Entry{}, "Numbered"); err != nil {
				return err
			}
			return tx.AutoMigrate(&Number{})
		},
	}, {
		ID: "12-rulings",
		Migrate: func(tx *gorm.DB) error {
			if err := addColumn(tx, &Entry{}, "Ruling"); err != nil {
				return err
			}
			return tx.AutoMigrate(&Muted{})
		},
	}, {
		ID:      "13-received",
		Migrate: func(tx *gorm.DB) error { return addColumn(tx, &Entry{}, "ReceivedAt") },
	}, {
		ID:      "14-trace",
		Migrate: func(tx *gorm.DB) error { return addColumn(tx, &Entry{}, "Trace") },
	}, {
		ID: "15-people",
		Migrate: func(tx *gorm.DB) error {
			return errors.Join(addColumn(tx, &CityAdmin{}, "Role"), addColumn(tx, &CityAdmin{}, "CreatedAt"), addColumn(tx, &Admin{}, "SeenOn"))
		},
	}, {
		ID:      "16-codes",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Totp{}, &RecoveryCode{}) },
	}, {
		ID:      "17-passkeys",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&Passkey{}) },
	}, {
		ID: "18-marks",
		Migrate: func(tx *gorm.DB) error {
			for _, field := range []string{"Entry", "Since"} {
				if err := addColumn(tx, &Muted{}, field); err != nil {
					return err
				}
			}
			return addColumn(tx, &Entry{}, "Mark")
		},
	}, {
		ID:      "19-imported",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&ImportedCity{}) },
	}, {
		ID:      "20-ended",
		Migrate: func(tx *gorm.DB) error { return tx.AutoMigrate(&EndedCity{}) },
	}, {
		ID:      "21-moved",
		Migrate: func(tx *gorm.DB) error { return addColumn(tx, &EndedCity{}, "MovedTo") },
	}})
}

// MigratePrefixed runs the migrations of the tables with the prefix, each once, in order, in one transaction. The table
// <prefix>migrations lists those that ran, so ids need to be unique within the prefix only. Of several nodes that start at the same time one
// migrates, and the others wait. Ids that this program does not know are those of a newer one: see Schema.
func (d *DB) MigratePrefixed(ctx context.Context, prefix string, migrations []*gormigrate.Migration) error {
	if len(migrations) == 0 {
		return nil
	}
	handle, err := d.Prefixed(prefix)
	if err != nil {
		return err
	}
	options := *gormigrate.DefaultOptions
	options.TableName = prefix + "migrations"
	err = handle.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := d.lockMigrations(tx); err != nil {
			return err
		}
		return gormigrate.New(tx, &options, migrations).Migrate()
	})
	return wrap("migrate tables "+prefix+"*", err)
}

// lockMigrations lets one node at a time change the tables of a schema of PostgreSQL, until the transaction ends. A lock of the session would
// stay with the connection of a pooler. A SQLite database has one node.
func (d *DB) lockMigrations(tx *gorm.DB) error {
	if d.isSQLite() {
		return nil
	}
	return tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('linienfunk migrations of ' || current_schema(), 0))").Error
}

// addColumn adds a column, unless 1-core has created it.
func addColumn(tx *gorm.DB, table any, field string) error {
	if tx.Migrator().HasColumn(table, field) {
		return nil
	}
	return tx.Migrator().AddColumn(table, field)
}

// makeDue makes the ledger the queue of what is to be sent and deleted, which the stream RELAY was before. Whether a post of a report that
// was withdrawn recently has been deleted is not known here: networks are asked once more.
func makeDue(tx *gorm.DB) error {
	if !tx.Migrator().HasColumn(&Delivery{}, "recall_until") {
		if err := tx.Migrator().AddColumn(&Delivery{}, "RecallUntil"); err != nil {
			return err
		}
	}
	now := tx.NowFunc()
	recent := tx.Model(&Entry{}).Select("id").Where("withdrawn <> '' AND created_at > ?", now.Add(-48*time.Hour))
	err := tx.Model(&Delivery{}).Where("entry_id IN (?) AND status IN ?", recent, []Status{Queued, Retrying, Sent}).
		UpdateColumn("recall_until", now.Add(24*time.Hour)).Error
	if err != nil {
		return err
	}
	if tx.Migrator().HasColumn(&Entry{}, "relayed") {
		if err := tx.Exec("ALTER TABLE ledger_entries DROP COLUMN relayed").Error; err != nil {
			return err
		}
	}
	if err := tx.Exec("CREATE INDEX idx_ledger_entries_author ON ledger_entries (author, created_at) WHERE author <> ''").Error; err != nil {
		return err
	}
	return tx.Exec("CREATE INDEX idx_ledger_deliveries_due ON ledger_deliveries (entry_id) WHERE " + due).Error
}
