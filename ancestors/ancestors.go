// Package ancestors reads the databases of Ticketfrei 2 and Kibicara, two older programs for the same purpose: their cities, who runs them, and their lists in the syntax of package
// censor. What belongs to a network is read by that network, see package importing. Nothing is written.
package ancestors

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "github.com/ncruces/go-sqlite3/driver" // the database/sql driver "sqlite3"

	"linienfunk/bots/importing"
	"linienfunk/censor"
	"linienfunk/internal/oldhash"
	"linienfunk/report"
	"linienfunk/settings"
)

// City is a city of an old database.
type City struct {
	ID               int64
	Title            string // may be longer than a title may be here, or empty
	Active           bool
	Admins           []Admin
	About            string // plain text
	Triggers         []string
	Blocked          []string
	AsMeant, Literal *censor.Filter // of Ticketfrei: both readings of its triggers; nil otherwise
	Lost             []string       // sentences: what of the above does not come along, and why
}

// Admin is somebody who runs a city. Hash is empty if it is of a kind that cannot be checked; Address is as it was stored.
type Admin struct{ Address, Hash string }

// Reader reads an old database.
type Reader struct {
	Old      *importing.Old
	Compiler *censor.Compiler

	// Literal takes Ticketfrei's triggers as the texts that it searched for. Its admins wrote regular expressions, as which they are read otherwise.
	Literal bool
}

// tables that a database must have to be that of a program.
var tables = map[string][]string{
	importing.Ticketfrei: {"user", "cities", "triggerpatterns"},
	importing.Kibicara:   {"hoods", "admins", "admin_hood_relations"},
}

// Open opens a database for reading. Close its DB.
func Open(ctx context.Context, program, file string) (*importing.Old, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("the database of %s: %w", program, err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}
	pool, err := sql.Open("sqlite3", address.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	old := &importing.Old{Program: program, File: file, DB: pool, Modified: info.ModTime()}
	if err := check(ctx, old); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return old, nil
}

// check returns an error unless the database has the tables of its program.
func check(ctx context.Context, old *importing.Old) error {
	for _, table := range tables[old.Program] {
		found, err := old.All(ctx, "SELECT * FROM sqlite_master WHERE type = 'table' AND name = ?", table)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("%s is no database of %s: it has no table %s", old.File, old.Program, table)
		}
	}
	return nil
}

// Read returns all cities, in the order of their ids.
func (r Reader) Read(ctx context.Context) ([]City, error) {
	if r.Old.Program == importing.Kibicara {
		return r.kibicara(ctx)
	}
	return r.ticketfrei(ctx)
}

func (r Reader) ticketfrei(ctx context.Context) (cities []City, err error) {
	users, err := r.Old.All(ctx, "SELECT * FROM user ORDER BY id")
	for _, user := range users {
		c := City{ID: user.Number("id"), Active: user.On("enabled")}
		if err := r.ticketfreiCity(ctx, user.Text("passhash"), &c); err != nil {
			return nil, err
		}
		cities = append(cities, c)
	}
	return cities, err
}

func (r Reader) ticketfreiCity(ctx context.Context, hash string, c *City) error {
	addresses, err := r.Old.All(ctx, "SELECT id, email AS address FROM email WHERE user_id = ? ORDER BY id", c.ID)
	if err != nil {
		return err
	}
	for _, row := range addresses {
		c.addAdmin(row.Text("address"), hash)
	}
	texts, err := r.Old.All(ctx, "SELECT * FROM cities WHERE user_id = ? ORDER BY id DESC", c.ID)
	if err != nil {
		return err
	}
	if len(texts) > 0 {
		c.Title = texts[0].Text("city")
		c.setAbout(texts[0].Text("markdown"))
		if texts[0].Text("mail_md") != "" {
			c.lose("the text for those who subscribe by mail: here it is the same for all cities")
		}
	}
	patterns, err := r.lines(ctx, "patterns", "SELECT * FROM triggerpatterns WHERE user_id = ? ORDER BY id", c.ID)
	if err != nil {
		return err
	}
	words, err := r.lines(ctx, "words", "SELECT * FROM badwords WHERE user_id = ? ORDER BY id", c.ID)
	if err != nil {
		return err
	}
	meant, literal := City{}, City{}
	meant.Triggers, literal.Triggers = r.keep(report.Triggers, patterns, asMeant, &meant), r.keep(report.Triggers, patterns, asBuilt, &literal)
	chosen := meant
	if r.Literal {
		chosen = literal
	}
	c.Triggers, c.Lost = chosen.Triggers, append(c.Lost, chosen.Lost...)
	c.Blocked = r.keep(report.Blocked, words, wholeWord, c)
	if c.AsMeant, err = r.Compiler.Compile(meant.Triggers, c.Blocked); err == nil {
		c.Literal, err = r.Compiler.Compile(literal.Triggers, c.Blocked)
	}
	return err
}

func (r Reader) kibicara(ctx context.Context) (cities []City, err error) {
	hoods, err := r.Old.All(ctx, "SELECT * FROM hoods ORDER BY id")
	for _, hood := range hoods {
		c := City{ID: hood.Number("id"), Title: hood.Text("name"), Active: true}
		c.setAbout(hood.Text("landingpage"))
		admins, err := r.Old.All(ctx, "SELECT id, email AS address, passhash FROM admins WHERE id IN (SELECT admin FROM admin_hood_relations WHERE hood = ?) ORDER BY id", c.ID)
		if err != nil {
			return nil, err
		}
		for _, row := range admins {
			c.addAdmin(row.Text("address"), row.Text("passhash"))
		}
		triggers, err := r.patterns(ctx, "SELECT * FROM triggers WHERE hood = ? ORDER BY id", c.ID)
		if err != nil {
			return nil, err
		}
		blocked, err := r.patterns(ctx, "SELECT * FROM badwords WHERE hood = ? ORDER BY id", c.ID)
		if err != nil {
			return nil, err
		}
		c.Triggers = r.keep(report.Triggers, triggers, fromBeginning, &c)
		c.Blocked = r.keep(report.Blocked, blocked, fromBeginning, &c)
		cities = append(cities, c)
	}
	return cities, err
}

// lines returns the lines of a column of all rows, without blank ones.
func (r Reader) lines(ctx context.Context, column, query string, id int64) (lines []string, err error) {
	err = r.Old.Each(ctx, func(row importing.Row) error {
		for line := range strings.Lines(strings.ReplaceAll(row.Text(column), "\r", "\n")) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		return nil
	}, query, id)
	return lines, err
}

// patterns returns Kibicara's, one a row; an empty one matches all.
func (r Reader) patterns(ctx context.Context, query string, id int64) (all []string, err error) {
	err = r.Old.Each(ctx, func(row importing.Row) error {
		all = append(all, strings.Join(strings.Fields(row.Text("pattern")), " "))
		return nil
	}, query, id)
	return all, err
}

func (c *City) addAdmin(address, hash string) {
	if _, err := oldhash.Parse(hash); err != nil {
		c.lose("an admin's password, whose hash cannot be checked (%v): the page to log in sends a link for a new one", err)
		hash = ""
	}
	if !slices.ContainsFunc(c.Admins, func(a Admin) bool { return a.Address == address }) {
		c.Admins = append(c.Admins, Admin{address, hash})
	}
}

func (c *City) setAbout(markdown string) {
	text := plainText(markdown)
	if c.About = report.Cut(text, settings.MaxAbout); c.About != text {
		c.lose("the end of the text on the city's page, which may have %d characters", settings.MaxAbout)
	}
}

func (c *City) lose(format string, args ...any) {
	c.Lost = append(c.Lost, fmt.Sprintf(format, args...))
}
