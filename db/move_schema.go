package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// tables lists all tables of the database by name.
func (d *DB) tables(ctx context.Context) (all []table, err error) {
	columns := `SELECT t.table_name AS "table", c.column_name AS "column", c.data_type AS type FROM information_schema.tables t
		JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
		WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'`
	keys := `SELECT r.relname AS "table", f.relname AS needs FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
		JOIN pg_class f ON f.oid = c.confrelid WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`
	if d.isSQLite() {
		columns = `SELECT m.name AS "table", c.name AS "column", lower(c.type) AS type FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'`
		keys = `SELECT m.name AS "table", k."table" AS needs FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'`
	}
	type column struct{ Table, Column, Type string }
	var found []column
	if err := d.WithContext(ctx).Raw(columns).Scan(&found).Error; err != nil {
		return nil, wrap("list tables", err)
	}
	slices.SortFunc(found, func(a, b column) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Column, b.Column))
	})
	for _, c := range found {
		if len(all) == 0 || all[len(all)-1].name != c.Table {
			all = append(all, table{name: c.Table})
		}
		last := &all[len(all)-1]
		last.columns, last.kinds = append(last.columns, c.Column), append(last.kinds, kindOf(c.Type))
	}
	var needs []struct{ Table, Needs string }
	if err := d.WithContext(ctx).Raw(keys).Scan(&needs).Error; err != nil {
		return nil, wrap("list foreign keys", err)
	}
	for i := range all {
		for _, n := range needs {
			if n.Table == all[i].name {
				all[i].needs = append(all[i].needs, n.Needs)
			}
		}
	}
	return all, nil
}

// kindOf knows the types that gorm gives to the columns of our models.
func kindOf(columnType string) kind {
	switch columnType {
	case "boolean", "numeric":
		return kindBool
	case "timestamp with time zone", "datetime":
		return kindTime
	case "bytea", "blob":
		return kindBytes
	}
	return kindOther
}

// sequence is the highest number that a table has given to a row.
type sequence struct {
	Table  string `json:"table"`
	Column string `json:"-"` // only in PostgreSQL
	Last   int64  `json:"last"`
}

// continueSequences continues the numbers of rows where they were in another database, even if the highest ones were deleted.
func (d *DB) continueSequences(tx *gorm.DB, numbers []sequence) error {
	here, err := d.sequences(tx)
	if err != nil {
		return err
	}
	columns := map[string]string{}
	for _, s := range here {
		columns[s.Table] = s.Column
	}
	for _, s := range numbers {
		switch {
		case s.Last == 0:
		case d.isSQLite():
			err = tx.Exec("DELETE FROM sqlite_sequence WHERE name = ?", s.Table).Error
			if err == nil {
				err = tx.Exec("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", s.Table, s.Last).Error
			}
		case columns[s.Table] == "":
			err = fmt.Errorf("table %s does not number its rows in the new database", s.Table)
		default:
			err = tx.Exec("SELECT setval(pg_get_serial_sequence(?, ?), ?)", `"`+s.Table+`"`, columns[s.Table], s.Last).Error
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) sequences(tx *gorm.DB) (all []sequence, err error) {
	if d.isSQLite() {
		return all, tx.Raw(`SELECT name AS "table", seq AS last FROM sqlite_sequence`).Scan(&all).Error
	}
	err = tx.Raw(`SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
		WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%'`).Scan(&all).Error
	for i := range all {
		var name string
		s := &all[i]
		if err == nil {
			err = tx.Raw("SELECT pg_get_serial_sequence(?, ?)", `"`+s.Table+`"`, s.Column).Scan(&name).Error
		}
		if err == nil {
			err = tx.Raw("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + name).Scan(&s.Last).Error
		}
	}
	return all, err
}
