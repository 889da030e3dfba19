package app

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"linienfunk/bus"
	"linienfunk/db"
	"linienfunk/internal/archive"
	"linienfunk/internal/config"
	"linienfunk/internal/secret"
	"linienfunk/mail"
	"linienfunk/settings"
)

type backupFlags struct {
	File    string `arg:"" placeholder:"FILE" help:"The file to write, which must not exist; - for standard output."`
	WithKey bool   `help:"Put instance.key into the backup: whoever has the file can then read everything that is sealed."`
}

// backupAbout is what the manifest of a backup says about it.
type backupAbout struct {
	Program string    `json:"program"` // version
	Created time.Time `json:"created"`
	Key     string    `json:"key"` // of the instance key: secret.Box.Print
	Layout  db.Layout `json:"layout"`
}

// Sections of a backup. Those of tables and streams begin with a word and a dot.
const (
	tableSection  = "table."
	streamSection = "stream."
	keySection    = "key" // one line, the file in base64; only if asked for
)

var keptStreams = []bus.Kept{bus.KeptReports, bus.KeptUpdates}

// errMissed says that a stream was shortened between a snapshot of the database and the look into the stream.
var errMissed = errors.New("the streams are not complete for this snapshot")

// snapshotTries is how often a snapshot is taken again for errMissed. A stream is shortened four times a second, and looked at within milliseconds.
const snapshotTries = 50

// writeBackup writes the database and what waits in the streams, of a program that may be running.
//
// A report is in the stream REPORTS before anybody is answered, and leaves it only after the transaction that wrote it into the ledger. So the stream is read first,
// and the snapshot of the database is taken afterwards: what has left the stream by the time it is read is in the ledger of the snapshot. The other way round, a report
// could be judged in between and be in neither. What is in both does no harm, since the ledger takes a report once by its key.
//
// Bots remember in the database how far they have read their networks. A report that came between the two would be in neither, with its bot already past it. So the
// stream is read once more from where the first reading ended, as soon as the snapshot stands; if some of that has been removed meanwhile, the snapshot is taken again.
// The same holds for changes of settings in the stream SETTINGS and the chains of settings in the database.
func (p *Program) writeBackup(ctx context.Context, w io.Writer, withKey bool) error {
	a, err := archive.NewWriter(w, p.now())
	if err != nil {
		return err
	}
	if withKey {
		text, err := os.ReadFile(filepath.Join(p.config.Data, keyFile))
		if err == nil {
			err = a.Section(keySection)
		}
		if err == nil {
			err = a.Line([]byte(base64.StdEncoding.EncodeToString(text)))
		}
		if err != nil {
			return err
		}
	}
	stream, written, err := settings.Position(ctx, p.db)
	if err != nil {
		return err
	}
	first, err := p.bus.FirstUnwritten(ctx, stream, written)
	if err != nil {
		return err
	}
	next := map[bus.Kept]uint64{bus.KeptReports: 1, bus.KeptUpdates: first}
	about := backupAbout{Program: version(), Created: p.now().UTC(), Key: p.box.Print()}
	err = errMissed
	for try := 1; errors.Is(err, errMissed); try++ {
		if _, err := p.backupStreams(ctx, a, next); err != nil {
			return err
		}
		err = p.db.Snapshot(ctx, func(tx *gorm.DB) error {
			if err := p.db.Fix(tx); err != nil {
				return err
			}
			missed, err := p.backupStreams(ctx, a, next)
			if err == nil && missed && try < snapshotTries {
				err = errMissed
			}
			if err != nil {
				return err
			}
			begin := func(table string) error { return a.Section(tableSection + table) }
			about.Layout, err = p.db.ReadAll(ctx, tx, begin, a.Line)
			return err
		})
	}
	if err != nil {
		return err
	}
	return a.Close(about)
}

// backupStreams writes what is in the streams from the numbers next on, which it raises.
func (p *Program) backupStreams(ctx context.Context, a *archive.Writer, next map[bus.Kept]uint64) (missed bool, err error) {
	for _, k := range keptStreams {
		if err := a.Section(streamSection + k.String()); err != nil {
			return false, err
		}
		var some bool
		next[k], some, err = p.bus.ReadStored(ctx, k, next[k], func(m bus.Stored) error {
			line, err := json.Marshal(m)
			if err != nil {
				return err
			}
			return a.Line(line)
		})
		if err != nil {
			return false, fmt.Errorf("read the stream %s: %w", k, err)
		}
		missed = missed || some
	}
	return missed, nil
}

// backupError is the trailer of an answer with a backup that could not be completed: why.
const backupError = "Backup-Error"

// backupFromSocket streams a backup of this program.
func (p *Program) backupFromSocket(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", backupError)
	p.log.Info("a backup begins")
	if err := p.writeBackup(r.Context(), w, r.URL.Query().Has("key")); err != nil {
		p.log.Error("a backup was not completed", "err", err)
		w.Header().Set(backupError, strings.Join(strings.Fields(err.Error()), " "))
		return
	}
	p.log.Info("a backup is complete")
}

// backup writes a backup of the running program or, if none runs, of what is in its data directory, its database and its broker. It reads what it has written.
func backup(ctx context.Context, settings config.Config, flags backupFlags, stdout, stderr io.Writer) (err error) {
	out, said := stdout, stderr
	if flags.File != "-" {
		if !missing(flags.File) {
			return fmt.Errorf("backup: %s exists; choose another name", flags.File)
		}
		part := flags.File + ".part"
		file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		defer os.Remove(part)
		defer file.Close()
		out, said = file, stdout
	}
	from, closeFrom, err := openBackup(ctx, settings, flags.WithKey, stderr)
	if err != nil {
		return err
	}
	var about backupAbout
	copied := io.TeeReader(from, out)
	sections, err := archive.Read(copied, &about, func(string, []byte) error { return nil })
	if err == nil {
		_, err = io.Copy(io.Discard, copied)
	}
	if err := cmp.Or(closeFrom(), err); err != nil { // a backup that could not be written is cut off, too
		return fmt.Errorf("backup: %w; nothing was kept", err)
	}
	if file, ok := out.(*os.File); ok && flags.File != "-" {
		if err := errors.Join(file.Sync(), file.Close(), os.Rename(file.Name(), flags.File)); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	_, err = fmt.Fprintf(said, "%s; it was read again and is complete.\n", describe(sections))
	return err
}

// describe says what a backup has.
func describe(sections map[string]archive.Digest) string {
	rows, tables := 0, 0
	for name, s := range sections {
		if strings.HasPrefix(name, tableSection) && s.Lines > 0 {
			rows, tables = rows+s.Lines, tables+1
		}
	}
	text := fmt.Sprintf("%d rows of %d tables, %d messages with reports and %d changes of settings", rows, tables,
		sections[streamSection+bus.KeptReports.String()].Lines, sections[streamSection+bus.KeptUpdates.String()].Lines)
	if _, ok := sections[keySection]; ok {
		return text + ", and instance.key"
	}
	return text + ", without instance.key"
}

// openBackup begins a backup, of the running program if there is one. finish returns why it is not complete, if it is not.
func openBackup(ctx context.Context, settings config.Config, withKey bool, stderr io.Writer) (from io.Reader, finish func() error, err error) {
	address := "http://program/backup"
	if withKey {
		address += "?key"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
	if err != nil {
		return nil, nil, err
	}
	answer, err := socketClient(settings).Do(request)
	switch {
	case notRunning(err):
		return backupStopped(ctx, settings, withKey, stderr)
	case err != nil:
		return nil, nil, fmt.Errorf("backup: %w", err)
	case answer.StatusCode != http.StatusOK:
		answer.Body.Close()
		return nil, nil, fmt.Errorf("backup: the program answers %s; it must be of this version", answer.Status)
	}
	return answer.Body, func() error {
		defer answer.Body.Close()
		_, _ = io.Copy(io.Discard, answer.Body) // the trailer comes behind it
		if why := answer.Trailer.Get(backupError); why != "" {
			return errors.New(why)
		}
		return nil
	}, nil
}

// backupStopped begins a backup without a running program. It changes no tables: an older program may have made them.
func backupStopped(ctx context.Context, settings config.Config, withKey bool, stderr io.Writer) (from io.Reader, finish func() error, err error) {
	p, err := openStopped(ctx, settings, stderr)
	if err != nil {
		return nil, nil, err
	}
	pipe, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := errors.Join(p.writeBackup(ctx, to, withKey), p.Close())
		to.CloseWithError(err)
		done <- err
	}()
	return pipe, func() error { pipe.Close(); return <-done }, nil
}

// openStopped opens the data directory, the database as it is, and the broker, of a program that does not run here.
func openStopped(ctx context.Context, c config.Config, stderr io.Writer) (*Program, error) {
	existing, err := openExisting(ctx, c)
	if err != nil {
		return nil, err
	}
	existing.Close()
	if missing(filepath.Join(c.Data, keyFile)) { // opening would make one
		return nil, fmt.Errorf("data: %s is missing", filepath.Join(c.Data, keyFile))
	}
	p := &Program{config: c, log: newLog(c.Log, stderr), now: time.Now}
	openDatabase := func(ctx context.Context) (err error) {
		if p.db, err = openExisting(ctx, c); err == nil {
			p.onClose(p.db.Close)
			err = p.checkKey(ctx)
		}
		return err
	}
	for _, step := range []func(context.Context) error{p.openData, openDatabase, p.openBus} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

type restoreFlags struct {
	File         string `arg:"" placeholder:"FILE" help:"The backup."`
	Key          string `placeholder:"FILE" help:"The instance.key of the backed up instance, if neither the backup nor the data directory has it."`
	ExpireQueued bool   `help:"Send nothing that waited when the backup was made: the program may have sent it afterwards."`
}

// restoreBackup writes a backup into an empty database and broker. Nothing is written before the whole file has been read and found complete.
func restoreBackup(ctx context.Context, c config.Config, flags restoreFlags, out, stderr io.Writer) error {
	file, err := os.Open(flags.File)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer file.Close()
	var about backupAbout
	var key []byte
	sections, err := archive.Read(file, &about, func(section string, line []byte) error {
		if section == keySection {
			key, err = base64.StdEncoding.DecodeString(string(line))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("restore: %s: %w; nothing was written", flags.File, err)
	}
	fmt.Fprintf(out, "A backup of %s by linienfunk %s: %s.\n", about.Created.Format(time.RFC3339), about.Program, describe(sections))
	if err := placeKey(c.Data, about.Key, key, flags.Key); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	p, err := openStores(ctx, c, nil, stderr)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer p.Close()
	if err := p.openBus(ctx); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := p.checkEmpty(ctx, about.Layout); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	left, err := p.fill(ctx, file, about, sections, flags.ExpireQueued)
	if err != nil {
		for _, k := range keptStreams { // they were empty
			err = errors.Join(err, p.bus.DropStored(context.WithoutCancel(ctx), k))
		}
		return fmt.Errorf("restore: %w; nothing is in the database, and the command can be repeated", err)
	}
	cities, err := settings.VerifyAll(ctx, p.db)
	if err != nil {
		return fmt.Errorf("everything was restored as it was, but not all histories of settings are sound: %w", err)
	}
	fmt.Fprintf(out, "Everything is restored and compared. Cities whose settings and history are sound: %d, all of them.\n", cities)
	if flags.ExpireQueued {
		_, err = fmt.Fprintf(out, "Not sent any more: %d deliveries and %d mails that waited. Left out: %d messages with reports, most of which are in the ledger if the censor was running.\n", left.deliveries, left.mails, left.reports)
	} else {
		_, err = fmt.Fprintln(out, "What waited when the backup was made is sent at the start, unless it is too old for its city. The program that was backed up must not run any more.")
	}
	return err
}

// placeKey puts the key with the given print into the data directory, unless it is there.
func placeKey(data, print string, inBackup []byte, file string) error {
	path := filepath.Join(data, keyFile)
	text, from := inBackup, "the backup"
	switch {
	case !missing(path):
		file = path
		fallthrough
	case file != "":
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return err
		}
		from = file
	case text == nil:
		return errors.New("the backup does not have the instance key: name a copy of the instance.key of that instance with --key")
	}
	key, err := secret.ParseKey(text)
	if err != nil {
		return fmt.Errorf("%s has no instance key: %w", from, err)
	}
	box, err := key.Box()
	if err != nil {
		return err
	}
	if key.Rotating() {
		return fmt.Errorf("the key of %s is being rotated: end that first with linienfunk secrets rotate", from)
	}
	if box.Print() != print {
		return fmt.Errorf("the key of %s is not the one with which the backup is sealed", from)
	}
	if file == path {
		return nil
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// checkEmpty returns an error unless a backup can be restored here.
func (p *Program) checkEmpty(ctx context.Context, layout db.Layout) error {
	if err := p.checkStopped(ctx); err != nil {
		return err
	}
	err := p.db.CheckFits(ctx, layout)
	if errors.Is(err, db.ErrNotEmpty) {
		return fmt.Errorf("%w; restore into a new data directory or a new database", err)
	}
	if err != nil {
		return fmt.Errorf("%w; restore the backup with the version of the program that made it, and update afterwards", err)
	}
	for _, k := range keptStreams {
		if count, err := p.bus.CountStored(ctx, k); err != nil {
			return err
		} else if count > 0 {
			return fmt.Errorf("the stream %s has %d messages of another program; choose another nats.prefix or data directory, or delete the stream", k, count)
		}
	}
	return nil
}

// leftOut is what waited in a backup and is not sent any more.
type leftOut struct{ deliveries, mails, reports int64 }

// fill writes a backup into the database and the streams.
func (p *Program) fill(ctx context.Context, file io.Reader, about backupAbout, sections map[string]archive.Digest, expireQueued bool) (left leftOut, err error) {
	want := func(table string) archive.Digest { return sections[tableSection+table] }
	write := func(to *db.Filling) error {
		var again backupAbout
		_, err := archive.Read(file, &again, func(section string, line []byte) error {
			if table, ok := strings.CutPrefix(section, tableSection); ok {
				return to.Add(table, line)
			}
			i := slices.IndexFunc(keptStreams, func(k bus.Kept) bool { return section == streamSection+k.String() })
			switch {
			case i < 0: // the key
				return nil
			case expireQueued && keptStreams[i] == bus.KeptReports:
				left.reports++
				return nil
			}
			var m bus.Stored
			if err := json.Unmarshal(line, &m); err != nil {
				return err
			}
			return p.bus.Store(ctx, keptStreams[i], m)
		})
		return err
	}
	last := func(tx *gorm.DB) error {
		if !expireQueued {
			return nil
		}
		if left.deliveries, err = db.ExpireQueued(tx, p.now()); err != nil {
			return err
		}
		left.mails, err = mail.FinishAll(tx, p.now())
		return err
	}
	// The position in the stream SETTINGS means nothing beside another stream.
	return left, p.db.Fill(ctx, about.Layout, want, write, last, settings.PositionTable)
}
