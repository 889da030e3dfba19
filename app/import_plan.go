package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"linienfunk/ancestors"
	"linienfunk/bots/importing"
	"linienfunk/db"
	"linienfunk/frontend/account"
	"linienfunk/report"
	"linienfunk/settings"
)

// plan decides which cities are imported, and under which names. Its error lists all names that are missing, with the flags to add.
func (i *importer) plan(ctx context.Context, found []ancestors.City) error {
	keys := keysOf(found)
	wanted, err := i.flags.names(keys)
	if err != nil {
		return err
	}
	taken := map[string]string{} // by name: why
	names, err := i.program.db.CityNames(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		taken[name] = "a city here has it"
	}
	var missing []string
	for n, one := range found {
		c := importedCity{City: one, title: report.Cut(oneLine(one.Title), settings.MaxTitle)}
		c.origin = i.program.box.Digest("import", i.old.Program+"\n"+strconv.FormatInt(one.ID, 10)+"\n"+one.Title)
		if c.before, err = i.importedBefore(ctx, c.origin); err != nil {
			return err
		}
		c.Result.Lost = one.Lost
		if utf8.RuneCountInString(one.Title) > settings.MaxTitle {
			c.Lose("the end of its name, which may have %d characters", settings.MaxTitle)
		}
		i.chooseAdmins(&c)
		switch {
		case c.before != "":
		case c.title == "":
			c.skipped = "it has no name"
		case len(c.admins) == 0:
			c.skipped = "none of its admins has an address that can be used here, so nobody could run it"
		default:
			name, given := wanted[keys[n]]
			if !given {
				name = account.ShortName(one.Title)
			}
			why := i.program.frontend.Accounts.NameTrouble(name)
			if why == "" {
				why = taken[name]
			}
			if why == "" {
				if why, err = i.keptName(ctx, name); err != nil {
					return err
				}
			}
			if why != "" {
				missing = append(missing, fmt.Sprintf("  --name '%s=…'   %s: %s", keys[n], strings.TrimSpace("the short name "+name), why))
			}
			c.name, taken[name] = name, fmt.Sprintf("the city %q of the same database has it", c.title)
		}
		i.cities = append(i.cities, c)
	}
	if len(missing) > 0 {
		return errors.New("import: these cities need another short name, of 2 to 32 letters a-z, digits and dashes. Nothing was changed; add\n" + strings.Join(missing, "\n"))
	}
	return nil
}

// keptName says why nobody may have a short name yet, empty if it is free.
func (i *importer) keptName(ctx context.Context, name string) (why string, err error) {
	ended, err := i.program.db.Ended(ctx, name)
	switch {
	case errors.Is(err, db.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case ended.FreeAt == nil:
		return "a city that has it is being deleted", nil
	}
	return "a city that had it was deleted, and nobody may have it before " + ended.FreeAt.UTC().Format(time.DateOnly), nil
}

// keysOf returns what the flag --name calls each city: its title, or its number in the old database if others have the title, too, or nobody could type it.
func keysOf(cities []ancestors.City) []string {
	titles := map[string]int{}
	for _, c := range cities {
		titles[c.Title]++
	}
	keys := make([]string, len(cities))
	for n, c := range cities {
		if keys[n] = c.Title; titles[c.Title] > 1 || c.Title != oneLine(c.Title) {
			keys[n] = strconv.FormatInt(c.ID, 10)
		}
	}
	return keys
}

// oneLine returns a title as one line without control characters.
func oneLine(title string) string { return strings.Join(strings.Fields(report.Clean(title)), " ") }

// names reads the flags --name.
func (f importFlags) names(keys []string) (map[string]string, error) {
	wanted := map[string]string{}
	for _, pair := range f.Name {
		at := strings.LastIndexByte(pair, '=')
		if at < 1 {
			return nil, fmt.Errorf("--name %q: wants the title in the old database and the short name here, such as 'Nürnberg=nuernberg'", pair)
		}
		if !slices.Contains(keys, pair[:at]) {
			return nil, fmt.Errorf("--name %q: the database has no such city; it has %q", pair, keys)
		}
		wanted[pair[:at]] = strings.TrimSpace(pair[at+1:])
	}
	return wanted, nil
}

// importedBefore returns the name of the city that an earlier import has made, empty for none.
func (i *importer) importedBefore(ctx context.Context, origin string) (string, error) {
	var rows []db.ImportedCity
	err := i.program.db.WithContext(ctx).Where("origin = ?", origin).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].City, nil
}

// chooseAdmins leaves out admins whose address cannot be used.
func (i *importer) chooseAdmins(c *importedCity) {
	invalid := 0
	for _, one := range c.Admins {
		address, wrong := i.program.frontend.Accounts.ParseAddress(one.Address)
		if wrong != "" {
			invalid++
			continue
		}
		c.admins = append(c.admins, ancestors.Admin{Address: address, Hash: one.Hash})
	}
	if invalid > 0 {
		c.Lose("admins whose address is none, or is one of this server: %d", invalid)
	}
}

// print prints the report. It names no addresses and tokens.
func (i *importer) print(out io.Writer) error {
	var text strings.Builder
	total, cities := map[string]int{}, 0
	var order []string
	for _, c := range i.cities {
		switch {
		case c.before != "":
			fmt.Fprintf(&text, "%s: imported before, as %s; nothing changes\n\n", c.title, c.before)
			continue
		case c.skipped != "":
			fmt.Fprintf(&text, "%q (number %d): not imported, since %s\n\n", c.title, c.ID, c.skipped)
			continue
		}
		cities++
		fmt.Fprintf(&text, "%s becomes %s\n", c.title, c.name)
		for _, one := range c.Brought {
			fmt.Fprintf(&text, "    %s: %d\n", one.What, one.N)
			if total[one.What] == 0 {
				order = append(order, one.What)
			}
			total[one.What] += one.N
		}
		if c.AsMeant != nil {
			i.compare(&text, c)
		}
		for _, lost := range c.Result.Lost {
			fmt.Fprintf(&text, "    not: %s\n", lost)
		}
		text.WriteByte('\n')
	}
	fmt.Fprintf(&text, "In all: cities: %d", cities)
	for _, what := range order {
		fmt.Fprintf(&text, ", %s: %d", what, total[what])
	}
	text.WriteString(".\n")
	text.WriteString(notImported[i.old.Program])
	switch {
	case i.flags.DryRun:
		text.WriteString("This was a dry run: nothing was written.\n")
	case cities > 0:
		text.WriteString("All of it is written. Stop the old program before you start this one: two programs with the same accounts report everything twice.\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// notImported says what of a database comes along in no city.
var notImported = map[string]string{
	importing.Ticketfrei: "Links to confirm or to unsubscribe in old mails end; so do cookies. The built-in list of bad words does not come along: this program has its own. " +
		"Reports by mail were told apart by their date, which is not kept.\n",
	importing.Kibicara: "Links to confirm or to unsubscribe in old mails end; so do logins.\n",
}

// compare says how many reports the two readings of the triggers let through.
func (i *importer) compare(text *strings.Builder, c importedCity) {
	chosen := "as expressions, which is what they become"
	literal := "as texts (--literal)"
	if i.flags.Literal {
		chosen, literal = "as expressions", "as texts, which is what they become"
	}
	fmt.Fprintf(text, "    of %d reports pass %d if its triggers are read %s, %d %s\n",
		len(i.reports), ancestors.Passing(c.AsMeant, i.reports), chosen, ancestors.Passing(c.Literal, i.reports), literal)
}
