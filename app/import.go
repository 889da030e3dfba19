package app

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gorm.io/gorm"

	"linienfunk/ancestors"
	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bots/importing"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/settings"
)

type importFlags struct {
	Program         string   `arg:"" enum:"ticketfrei,kibicara" help:"The program whose database it is: ticketfrei or kibicara."`
	File            string   `arg:"" help:"Its database, a file of SQLite. Nothing is written there."`
	DryRun          bool     `help:"Print what would come along, and write nothing."`
	Name            []string `sep:"none" placeholder:"'TITLE=NAME'" help:"The short name of a city, by its title in the old database, where the proposed one does not do. May be repeated."`
	Literal         bool     `help:"Take Ticketfrei's triggers as the texts that it searched for, and not as the regular expressions that its admins wrote."`
	SameApplication bool     `help:"The application keys of the old program's configuration are in that of this one."`
	Lang            string   `enum:"de,en" default:"de" help:"Language of the cities and their admins: de or en."`
	Sample          string   `placeholder:"FILE" help:"Reports, one a line, with which the two readings of Ticketfrei's triggers are compared; a few built-in ones are the default."`
}

// importAncestor imports the cities of an older program's database, while this program is stopped.
func importAncestor(ctx context.Context, c config.Config, f importFlags, stdout, stderr io.Writer) (err error) {
	old, err := ancestors.Open(ctx, f.Program, f.File)
	if err != nil {
		return err
	}
	defer old.DB.Close()
	old.SameApplication = f.SameApplication
	p, err := openForImport(ctx, c, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	compiler, err := p.compiler()
	if err != nil {
		return err
	}
	cities, err := ancestors.Reader{Old: old, Compiler: compiler, Literal: f.Literal}.Read(ctx)
	if err != nil {
		return err
	}
	reports, err := f.reports()
	if err != nil {
		return err
	}
	i := &importer{program: p, flags: f, old: old, reports: reports}
	if err := i.plan(ctx, cities); err != nil {
		return err
	}
	err = p.db.Transaction(ctx, func(tx *gorm.DB) error {
		for n := range i.cities {
			if err := i.write(ctx, tx, &i.cities[n]); err != nil {
				return err
			}
		}
		if f.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return fmt.Errorf("import: %w; nothing was changed", err)
	}
	return i.print(stdout)
}

// errDryRun undoes what a dry run has written.
var errDryRun = errors.New("this was a dry run")

// openForImport opens a program that does not run, on free ports: networks need most parts of one.
func openForImport(ctx context.Context, c config.Config, stderr io.Writer) (*Program, error) {
	c.HTTP, c.SMTP, c.Metrics.Listen = "127.0.0.1:0", "127.0.0.1:0", ""
	p, err := Open(ctx, c, stderr)
	if err != nil {
		return nil, err
	}
	if err := p.checkStopped(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// reports returns those with which triggers are compared.
func (f importFlags) reports() ([]string, error) {
	if f.Sample == "" {
		return ancestors.Sample(), nil
	}
	file, err := os.Open(f.Sample)
	if err != nil {
		return nil, fmt.Errorf("--sample: %w", err)
	}
	defer file.Close()
	var all []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			all = append(all, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--sample: %w", err)
	}
	return all, nil
}

// importer imports the cities of one database.
type importer struct {
	program *Program
	flags   importFlags
	old     *importing.Old
	reports []string
	cities  []importedCity
}

// importedCity is a city of the old database, with what becomes of it.
type importedCity struct {
	ancestors.City
	name, title, origin string
	before              string // the city's name if it was imported before
	skipped             string // why it is not imported at all
	admins              []ancestors.Admin
	importing.Result
}

// write imports a city, in the transaction of all.
func (i *importer) write(ctx context.Context, tx *gorm.DB, c *importedCity) error {
	if c.before != "" || c.skipped != "" {
		return nil
	}
	p := i.program
	if err := tx.Create(&db.City{Name: c.name}).Error; err != nil {
		return fmt.Errorf("city %s: %w", c.name, err)
	}
	first := uint(0)
	for _, one := range c.admins {
		admin, err := i.writeAdmin(tx, one, c)
		if err != nil {
			return fmt.Errorf("city %s: %w", c.name, err)
		}
		if first == 0 {
			first = admin.ID
		}
	}
	c.Bring(len(c.admins), "admins")
	doc := settings.Default(c.name, i.flags.Lang)
	doc.Title, doc.Active, doc.About, doc.Triggers, doc.Blocked, doc.Bots = c.title, c.Active, c.About, c.Triggers, c.Blocked, map[string]bots.Options{}
	c.Bring(entries(c.Triggers), "triggers")
	c.Bring(entries(c.Blocked), "blocked words")
	if c.About != "" {
		c.Bring(1, "texts for the city's page")
	}
	if !c.Active {
		c.Lose("the city was switched off, and stays so until it is switched on in the settings")
	}
	for _, plugin := range all.Plugins() {
		network, ok := p.directory.Bot(plugin.Name).(importing.Network)
		if !ok {
			continue
		}
		result, err := network.Import(ctx, tx, c.name, importing.City{Old: i.old, ID: c.ID})
		if err != nil {
			return fmt.Errorf("city %s: %w", c.name, err)
		}
		c.Brought, c.Result.Lost = append(c.Brought, result.Brought...), append(c.Result.Lost, result.Lost...)
		if len(result.Options) > 0 {
			doc.Bots[plugin.Name] = result.Options
		}
	}
	if _, err := p.storage.Create(tx, c.name, doc, first); err != nil {
		return fmt.Errorf("city %s: settings: %w", c.name, err)
	}
	return tx.Create(&db.ImportedCity{Origin: c.origin, City: c.name, At: db.Time(p.now())}).Error
}

// entries counts the lines of a list that are no comments.
func entries(list []string) (n int) {
	for _, line := range list {
		if !strings.HasPrefix(line, "# ") {
			n++
		}
	}
	return n
}

// writeAdmin makes an admin of the city, and an account if there is none with the address, which then keeps its password.
func (i *importer) writeAdmin(tx *gorm.DB, one ancestors.Admin, c *importedCity) (db.Admin, error) {
	var found []db.Admin
	if err := tx.Where("address = ?", one.Address).Limit(1).Find(&found).Error; err != nil {
		return db.Admin{}, err
	}
	if len(found) == 0 {
		hash := one.Hash
		if hash == "" { // none that anybody could type
			var err error
			if hash, err = i.program.frontend.Accounts.HashOf(rand.Text()); err != nil {
				return db.Admin{}, err
			}
		}
		found = []db.Admin{{Address: one.Address, Password: hash, Lang: i.flags.Lang, Confirmed: true}}
		if err := tx.Create(&found[0]).Error; err != nil {
			return db.Admin{}, err
		}
	} else if found[0].Password != one.Hash {
		c.Lose("the old password of an admin who has an account here: the account's own goes on being valid")
	}
	now := db.Time(i.program.now())
	return found[0], tx.Create(&db.CityAdmin{City: c.name, AdminID: found[0].ID, Role: db.RoleOwner, CreatedAt: &now}).Error
}
