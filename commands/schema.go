package commands

import "github.com/go-gormigrate/gormigrate/v2"

// Migrations are those of the tables with the prefix "command_".
func Migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{{ID: "1-calls", Migrate: tables}}
}
