package bottest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"linienfunk/bots"
)

// account returns the city's account, which must exist.
func (w *World) account(t testing.TB, city string) bots.Account {
	t.Helper()
	accounts, err := w.Bot.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(accounts, func(a bots.Account) bool { return a.City == city })
	if i < 0 {
		t.Fatalf("%s has no account among %v", city, accounts)
	}
	return accounts[i]
}

func (w *World) tables(t testing.TB) []string {
	t.Helper()
	names, err := w.DB.Migrator().GetTables()
	must(t, err)
	slices.Sort(names)
	return names
}

// dump returns the whole database as text.
func (w *World) dump(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	for _, table := range w.tables(t) {
		var rows []map[string]any
		must(t, w.DB.Table(table).Find(&rows).Error)
		for _, row := range rows {
			fmt.Fprintf(&out, "%s:", table)
			names := make([]string, 0, len(row))
			for name := range row {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				if raw, ok := row[name].([]byte); ok {
					row[name] = string(raw)
				}
				fmt.Fprintf(&out, " %s=%v", name, row[name])
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}
