package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/transit"
	"linienfunk/transit/network"
)

// networkFlags are those of the command that reads a feed.
type networkFlags struct {
	File   string   `arg:"" type:"existingfile" help:"The feed, a zip file."`
	City   string   `placeholder:"NAME" help:"Offer what was read to this city's admins, on the page Lines and stops. The program may be running."`
	Agency []string `sep:"none" placeholder:"NAME" help:"Read the lines of this company only; may be repeated."`
	Kind   []string `placeholder:"KIND" help:"Read lines of these kinds only: subway, suburban, tram, bus, coach, ferry, rail, monorail, cableway, funicular, other."`
	Lat    float64  `placeholder:"DEGREES" help:"Read lines around this latitude ..."`
	Lon    float64  `placeholder:"DEGREES" help:"... and longitude ..."`
	Radius float64  `placeholder:"KM" help:"... up to this distance."`
}

func (f networkFlags) options() (options network.Options, err error) {
	options.Agencies = f.Agency
	for _, name := range f.Kind {
		kind := network.Kind(name)
		if kind == "" || !kind.Valid() {
			return options, fmt.Errorf("--kind: there is no kind of line %q", name)
		}
		options.Kinds = append(options.Kinds, kind)
	}
	if f.Radius > 0 {
		options.Circle = &network.Circle{Lat: f.Lat, Lon: f.Lon, Radius: 1000 * f.Radius}
	} else if f.Lat != 0 || f.Lon != 0 {
		return options, errors.New("--radius is missing")
	}
	return options, nil
}

// readNetwork reads a feed, prints what is in it, and offers it to a city's admins.
func readNetwork(ctx context.Context, c config.Config, f networkFlags, out, stderr io.Writer) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	var store *transit.Store
	if f.City != "" { // first, so that a mistake shows before minutes of reading
		database, err := openExisting(ctx, c)
		if err != nil {
			return err
		}
		defer database.Close()
		if err := hasCity(ctx, database, f.City); err != nil {
			return err
		}
		store = transit.NewStore(database, time.Now)
	}
	n, err := readFeed(ctx, f.File, options, stderr)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(f.File), err)
	}
	printNetwork(n, out)
	if store == nil {
		return nil
	}
	if err := store.Offer(ctx, f.City, filepath.Base(f.File), n); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nThe admins of %s find it on the page Lines and stops for a day; it is in force when one of them has saved it.\n", f.City)
	return err
}

func hasCity(ctx context.Context, d *db.DB, name string) error {
	var cities []string
	if err := d.WithContext(ctx).Model(&db.City{}).Where("name = ?", name).Pluck("name", &cities).Error; err != nil {
		return err
	}
	if len(cities) == 0 {
		return fmt.Errorf("--city: there is no city %q", name)
	}
	return nil
}

// readFeed shows the progress if stderr is a terminal.
func readFeed(ctx context.Context, path string, options network.Options, stderr io.Writer) (*network.Network, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if terminal, ok := stderr.(*os.File); ok {
		if mode, err := terminal.Stat(); err == nil && mode.Mode()&os.ModeCharDevice != 0 {
			options.Progress = func(done, total int64) {
				fmt.Fprintf(stderr, "\rread %d %% of %d MiB", 100*done/max(total, 1), total>>20)
			}
			defer fmt.Fprint(stderr, "\r\033[K") // erases the line
		}
	}
	return network.Read(ctx, file, info.Size(), options)
}

// printNetwork prints the numbers of lines of each company and kind, and the lines themselves.
func printNetwork(n *network.Network, out io.Writer) {
	fmt.Fprintf(out, "%d lines, %d stops\n\nCompanies:\n", len(n.Lines), len(n.Stops))
	for _, one := range n.Agencies() {
		fmt.Fprintf(out, "%6d  %s\n", one.Lines, one.What)
	}
	for _, kind := range n.KindsOfLines() {
		var names []string
		for _, line := range n.Lines {
			if line.Kind == kind.What {
				names = append(names, line.Name)
			}
		}
		fmt.Fprintf(out, "\n%s, %d:\n  %s\n", kind.What, kind.Lines, strings.Join(names, " "))
	}
}
