package network

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Limits of an archive.
const (
	defaultMaxUnpacked = 8 << 30  // bytes; the largest national feeds have 5 GB
	maxRatio           = 200      // of unpacked to packed bytes of one file; timetables have 5 to 40
	ratioMatters       = 64 << 20 // bytes; below, a high ratio does no harm
)

// archive is the zip of a feed.
type archive struct {
	files       map[string]*zip.File // by name without directory
	unpacked    int64
	maxUnpacked int64
	done, total int64 // unpacked bytes, as far as the archive's directory says the truth
	progress    func(done, total int64)
}

var requiredFiles = []string{"routes.txt", "trips.txt", "stop_times.txt", "stops.txt"}

// openArchive finds the feed in a zip, which may be in a directory of it.
func openArchive(from io.ReaderAt, size int64, options Options) (*archive, error) {
	reader, err := zip.NewReader(from, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, &FeedError{Problem: NotAZip, Want: "this is not a zip archive, or its end is missing"}
	}
	if err != nil {
		return nil, &FeedError{Problem: Damaged, Want: "the zip archive is damaged: " + err.Error()}
	}
	directories := map[string]map[string]*zip.File{}
	for _, file := range reader.File {
		directory, name := path.Split(strings.ReplaceAll(file.Name, `\`, "/"))
		if !strings.HasSuffix(name, ".txt") || strings.HasPrefix(directory, "__MACOSX/") || strings.HasPrefix(name, ".") {
			continue
		}
		if directories[directory] == nil {
			directories[directory] = map[string]*zip.File{}
		}
		directories[directory][name] = file
	}
	a := &archive{maxUnpacked: options.MaxUnpacked, progress: options.Progress}
	if a.maxUnpacked == 0 {
		a.maxUnpacked = defaultMaxUnpacked
	}
	a.files, err = chooseDirectory(directories)
	return a, err
}

// chooseDirectory returns the files of the directory that is a feed. If there are several, it is the one nearest to the root.
func chooseDirectory(directories map[string]map[string]*zip.File) (map[string]*zip.File, error) {
	missing := func(directory string) (names []string) {
		for _, name := range requiredFiles {
			if directories[directory][name] == nil {
				names = append(names, name)
			}
		}
		return names
	}
	depth := func(directory string) int { return strings.Count(directory, "/") }
	var best []string // of the same rank
	for directory := range directories {
		rank := -1
		if len(best) > 0 {
			rank = len(missing(directory)) - len(missing(best[0]))
			if rank == 0 {
				rank = depth(directory) - depth(best[0])
			}
		}
		if rank < 0 {
			best = best[:0]
		}
		if rank <= 0 {
			best = append(best, directory)
		}
	}
	if len(best) == 0 {
		return nil, &FeedError{Problem: MissingFile, File: requiredFiles[0], Want: "this file must be in the zip archive, like all others of a GTFS Schedule feed"}
	}
	if absent := missing(best[0]); len(absent) > 0 {
		slices.Sort(best)
		return nil, &FeedError{Problem: MissingFile, File: path.Join(best[0], absent[0]), Want: "this file must be in the zip archive"}
	}
	if len(best) > 1 {
		slices.Sort(best)
		return nil, &FeedError{Problem: TwoFeeds, Want: "the zip archive holds several feeds (" + quoted(strings.Join(best, ", ")) + "); upload one of them"}
	}
	return directories[best[0]], nil
}

func (a *archive) has(name string) bool { return a.files[name] != nil }

// plan adds a file to what will be read.
func (a *archive) plan(name string) {
	if file := a.files[name]; file != nil {
		a.total += int64(min(file.UncompressedSize64, 1<<40))
	}
}

// each calls row for every row of a file, until it returns an error.
func (a *archive) each(ctx context.Context, name string, required []string, row func(*table) error) error {
	file := a.files[name]
	content, err := file.Open()
	if err != nil {
		return &FeedError{Problem: Damaged, File: name, Want: "cannot be unpacked: " + err.Error()}
	}
	defer content.Close()
	t, err := newTable(ctx, name, &unpacking{archive: a, file: file, from: content, name: name}, required...)
	if err != nil {
		return err
	}
	for {
		if err := t.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := row(t); err != nil {
			return err
		}
	}
}

// unpacking counts what really comes out of a file, whatever the archive's directory says.
type unpacking struct {
	archive *archive
	file    *zip.File
	from    io.Reader
	name    string
	bytes   int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	a := u.archive
	u.bytes += int64(n)
	a.unpacked += int64(n)
	if a.unpacked > a.maxUnpacked {
		return 0, &FeedError{Problem: TooLarge, File: u.name, Want: fmt.Sprintf("unpacked, the feed has more than %d MiB, which are allowed", a.maxUnpacked>>20)}
	}
	if u.bytes > ratioMatters && u.bytes/maxRatio > int64(u.file.CompressedSize64) {
		return 0, &FeedError{Problem: TooLarge, File: u.name, Want: "unpacks to more than 200 times its size, which no timetable does"}
	}
	a.report(int64(n))
	if err != nil && err != io.EOF {
		return 0, &FeedError{Problem: Damaged, File: u.name, Want: "cannot be unpacked: " + err.Error()}
	}
	return n, err
}

// progressStep is how much is unpacked between two calls of Options.Progress.
const progressStep = 1 << 20

func (a *archive) report(n int64) {
	before := a.done
	a.done = min(a.done+n, a.total)
	if a.progress != nil && before/progressStep != a.done/progressStep {
		a.progress(a.done, a.total)
	}
}
