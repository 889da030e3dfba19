package db

import (
	"context"
)

// Size returns how many bytes the database takes, free pages included; of SQLite without its log, which is written into it time and again.
func (d *DB) Size(ctx context.Context) (bytes int64, err error) {
	query := "SELECT pg_database_size(current_database())"
	if d.isSQLite() {
		query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	}
	err = d.WithContext(ctx).Raw(query).Scan(&bytes).Error
	return bytes, wrap("measure the database", err)
}
