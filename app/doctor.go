package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"linienfunk/bots/all"
	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/disk"
	"linienfunk/settings"
)

type doctorFlags struct {
	Mend bool `help:"Mend what can be mended, instead of saying how."`
}

// finding is something that the doctor has found.
type finding struct {
	What   string `json:"what"`
	Mend   string `json:"mend"`
	Mended bool   `json:"mended,omitempty"`
}

// doctor checks the running program or, if none runs, what is in its data directory, its database and its broker. It returns an error if something is wrong that was not
// mended.
func doctor(ctx context.Context, settings config.Config, flags doctorFlags, stdout, stderr io.Writer) error {
	path := "/doctor"
	if flags.Mend {
		path += "?mend"
	}
	var found []finding
	err := askProgram(ctx, settings, path, nil, &found)
	if err != nil {
		if !notRunning(err) {
			return fmt.Errorf("doctor: %w", err)
		}
		p, err := openStopped(ctx, settings, stderr)
		if err != nil {
			return fmt.Errorf("doctor: %w", err)
		}
		defer p.Close()
		if found, err = p.examine(ctx, flags.Mend); err != nil {
			return fmt.Errorf("doctor: %w", err)
		}
	}
	left := 0
	for _, f := range found {
		if f.Mended {
			fmt.Fprintf(stdout, "%s\n    mended: %s\n", f.What, f.Mend)
			continue
		}
		left++
		fmt.Fprintf(stdout, "%s\n    %s\n", f.What, f.Mend)
	}
	if left > 0 {
		return fmt.Errorf("doctor: %d of %d findings are left", left, len(found))
	}
	rest := "Nothing"
	if len(found) > 0 {
		rest = "Nothing else"
	}
	_, err = fmt.Fprintf(stdout, "%s is wrong. The records in the DNS are checked by linienfunk mail check.\n", rest)
	return err
}

func (p *Program) doctorFromSocket(w http.ResponseWriter, r *http.Request) {
	found, err := p.examine(r.Context(), r.URL.Query().Has("mend"))
	if err != nil {
		p.log.Error("the doctor could not look at everything", "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found) // the client has gone
}

// examine looks for what the program would not have left like that.
func (p *Program) examine(ctx context.Context, mend bool) (found []finding, err error) {
	var bots []string
	for _, plugin := range all.Plugins() {
		bots = append(bots, plugin.Name)
	}
	ledger, err := p.db.CheckLedger(ctx, bots)
	if err != nil {
		return nil, err
	}
	cities, err := p.db.CheckCities(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range append(ledger, cities...) {
		f := finding{What: fmt.Sprintf("%d %s", t.Count, t.What), Mend: "with --mend " + t.Mend}
		if mend {
			if err := t.Run(ctx); err != nil {
				return found, err
			}
			f.Mend, f.Mended = t.Mend, true
			p.log.Info("the doctor has mended something", "what", f.What)
		}
		found = append(found, f)
	}
	for _, step := range []func(context.Context, bool) ([]finding, error){p.examineStream, p.examineChains, p.examineSealed, p.examineFiles, p.examineClock} {
		more, err := step(ctx, mend)
		if err != nil {
			return found, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// examineStream looks for messages at the beginning of REPORTS that the censor has judged and not removed, which it does four times a second.
func (p *Program) examineStream(ctx context.Context, mend bool) ([]finding, error) {
	stuck, last, err := p.judgedInStream(ctx)
	if err != nil || stuck == 0 {
		return nil, err
	}
	f := finding{What: fmt.Sprintf("%d messages in the stream REPORTS are judged and not removed", stuck), Mend: "with --mend they are removed"}
	if mend {
		if err := p.bus.DropJudged(ctx, last); err != nil {
			return nil, err
		}
		f.Mend, f.Mended = "they are removed", true
	}
	return []finding{f}, nil
}

// judgedAge is how old a message must be to count: a younger one may be removed in a moment.
const judgedAge = time.Minute

// judgedInStream returns how many messages at the beginning of REPORTS have only reports that are in the ledger, and the number of the last of them.
func (p *Program) judgedInStream(ctx context.Context) (count int, last uint64, err error) {
	enough := errors.New("the first that is not judged")
	err = p.bus.OldReports(ctx, p.now().Add(-judgedAge), func(o bus.OldReport) error {
		var judged []db.Judged
		for _, r := range o.Reports {
			if r.Withdrawn != "" || r.Ruling != "" { // the ledger does not say whether it has been carried out
				return enough
			}
			judged = append(judged, db.Judged{Report: r})
		}
		if len(judged) > 0 {
			known, err := p.db.Known(ctx, judged)
			if err != nil {
				return err
			}
			for _, j := range judged {
				if !known[j.Report.Key()] {
					return enough
				}
			}
		}
		count, last = count+1, o.Sequence
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return count, last, err
}

// examineChains verifies the history of each city's settings.
func (p *Program) examineChains(ctx context.Context, _ bool) (found []finding, err error) {
	broken, err := settings.Broken(ctx, p.db)
	for _, b := range broken {
		found = append(found, finding{What: fmt.Sprintf("the settings of %s: %v", b.City, b.Err), Mend: "linienfunk settings cut " + b.City})
	}
	return found, err
}

// examineSealed counts what the instance key does not open.
func (p *Program) examineSealed(ctx context.Context, _ bool) (found []finding, err error) {
	for _, c := range sealedColumns() {
		count := 0
		err := p.db.EachSealed(ctx, c, func(row []string, stored []byte) error {
			sealed, err := c.Decode(stored)
			if err == nil {
				_, err = p.box.Open(c.Cell(row), sealed)
			}
			if err != nil {
				count++
			}
			return nil
		})
		if err != nil {
			return found, err
		}
		if count > 0 {
			found = append(found, finding{What: fmt.Sprintf("the instance key does not open %d values of %s.%s", count, c.Table, c.Name),
				Mend: "restore the right instance.key, or have these cities and people connect and subscribe again"})
		}
	}
	return found, nil
}

// Limits of what is free on the disk of the data directory.
const (
	lowSpace = 512 << 20
	lowShare = 20 // a twentieth
)

// examineFiles looks at the data directory and its disk.
func (p *Program) examineFiles(_ context.Context, mend bool) (found []finding, err error) {
	for path, mode := range map[string]os.FileMode{p.config.Data: 0o700, filepath.Join(p.config.Data, keyFile): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			return found, err
		}
		if info.Mode().Perm()&^mode == 0 {
			continue
		}
		f := finding{What: fmt.Sprintf("%s has the mode %o, so that others can read it", path, info.Mode().Perm()), Mend: fmt.Sprintf("chmod %o %s", mode, path)}
		if mend {
			if err := os.Chmod(path, mode); err != nil {
				return found, err
			}
			f.Mended = true
		}
		found = append(found, f)
	}
	free, size, err := disk.Space(p.config.Data)
	if err == nil && (free < lowSpace || free < size/lowShare) {
		found = append(found, finding{What: fmt.Sprintf("the disk of %s has %d MB left of %d", p.config.Data, free>>20, size>>20), Mend: "make room, or move data to a larger disk"})
	}
	return found, err
}

// clockTolerance is how far two clocks may differ: leases end by the database's clock, reports are fresh by the program's.
const clockTolerance = 2 * time.Second

func (p *Program) examineClock(ctx context.Context, _ bool) ([]finding, error) {
	ahead, err := p.db.Clock(ctx)
	if err != nil || ahead.Abs() < clockTolerance {
		return nil, err
	}
	return []finding{{What: fmt.Sprintf("the database's clock differs from this machine's by %v", ahead.Round(time.Millisecond)), Mend: "have both set by NTP"}}, nil
}
