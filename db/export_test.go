package db

// SetSchema makes d that of a program of another release, before Migrate.
func (d *DB) SetSchema(number int) { d.schema = number }
