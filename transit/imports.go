package transit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"linienfunk/internal/wait"
	"linienfunk/transit/network"
)

// MaxFeed is the limit of an uploaded feed, in bytes. The largest published feed, that of all of Germany, has about 250 MB.
const MaxFeed = 512 << 20

const (
	maxFiles      = 6                // feeds on the disk at the same time
	importWorkers = 2                // feeds that are read at the same time
	progressTime  = time.Second      // interval of writing the progress
	lostTime      = 5 * time.Minute  // without progress after which a reading counts as interrupted; it may wait for others as long
	endTime       = 10 * time.Second // for writing the result while the program stops
)

// Errors of Imports.
var (
	// ErrRunning means that a feed of the city is being received or read.
	ErrRunning = errors.New("a feed of this city is being read already")
	// ErrBusy means that too many feeds of other cities are being received or read.
	ErrBusy = errors.New("too many feeds are being read")
	// ErrTooLarge means that a file has more than MaxFeed bytes.
	ErrTooLarge = fmt.Errorf("the file has more than %d MiB", MaxFeed>>20)
)

// Imports reads feeds in the background: one at a time for each city, two at a time in all. The state of each city's last import is in the database, so
// that every node can show it; the feed itself is a file of the node that received it, until it is read.
//
// The network that was read is in the Store. It is in force for nobody until a city's settings name it.
type Imports struct {
	MaxUnpacked int64 // see network.Options; NewImports sets it to 4 GiB
	// HTTP fetches feeds from addresses that admins enter, see package outgoing. Without it none is fetched.
	HTTP *http.Client
	// Apply makes a network that was refreshed that of a city whose network was from. It returns ErrOther if the city has another one by now.
	Apply func(ctx context.Context, city, from, to string) error

	store *Store
	dir   string
	log   *slog.Logger
	files chan struct{} // a token for each file
	jobs  chan job

	mu        sync.Mutex
	receiving map[string]bool // cities
}

// job is a feed to read: a file, or one at an address. id identifies the import in its row.
type job struct {
	city, id, path, address string
	part                    network.Options
}

// NewImports returns Imports that keep feeds in the directory dir, from which it removes what a process that was killed has left. Nothing is read until Run.
func NewImports(store *Store, dir string, log *slog.Logger) *Imports {
	if err := os.RemoveAll(dir); err != nil {
		log.Warn("cannot remove old feeds", "directory", dir, "err", err)
	}
	return &Imports{
		MaxUnpacked: 4 << 30, store: store, dir: dir, log: log, files: make(chan struct{}, maxFiles), jobs: make(chan job, maxFiles), receiving: map[string]bool{},
	}
}

// Run reads feeds until ctx ends. What is being read then counts as interrupted.
func (i *Imports) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range importWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				select {
				case j := <-i.jobs:
					i.read(ctx, j)
				case <-ctx.Done():
				}
			}
		})
	}
	workers.Go(func() { wait.Every(ctx, refreshInterval, func() { i.RefreshDue(ctx) }) })
	workers.Wait()
	return ctx.Err()
}

// Receive stores the feed that body has and returns; the part of it that is wanted is then read in the background. name is that of the file, for people.
// Errors are ErrRunning, ErrBusy, ErrTooLarge, and those of body and the disk.
func (i *Imports) Receive(ctx context.Context, city, name string, part network.Options, body io.Reader) error {
	return i.begin(ctx, importRow{City: city, File: name}, part, func(j *job) (err error) {
		j.path, err = i.spool(body)
		return err
	})
}

// begin starts an import with what take adds to the job.
func (i *Imports) begin(ctx context.Context, r importRow, part network.Options, take func(*job) error) error {
	city := r.City
	if !i.startReceiving(city) {
		return ErrRunning
	}
	defer i.endReceiving(city)
	last, found, err := i.Status(ctx, city)
	if err != nil {
		return err
	}
	if found && last.State == Reading {
		return ErrRunning
	}
	select {
	case i.files <- struct{}{}:
	default:
		return ErrBusy
	}
	j := job{city: city, id: rand.Text(), part: part}
	r.ID, r.State, r.Part = j.id, Reading, encodePart(part)
	if err = take(&j); err == nil {
		err = i.store.startImport(ctx, r)
	}
	if err != nil {
		i.drop(j)
		return err
	}
	i.jobs <- j // has room for each file
	return nil
}

func (i *Imports) startReceiving(city string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.receiving[city] {
		return false
	}
	i.receiving[city] = true
	return true
}

func (i *Imports) endReceiving(city string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.receiving, city)
}

// spool copies a feed into a file that only this program can read.
func (i *Imports) spool(body io.Reader) (path string, err error) {
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return "", fmt.Errorf("store feed: %w", err)
	}
	file, err := os.CreateTemp(i.dir, "feed-*.zip")
	if err != nil {
		return "", fmt.Errorf("store feed: %w", err)
	}
	size, err := io.Copy(file, io.LimitReader(body, MaxFeed+1))
	if size > MaxFeed {
		err = ErrTooLarge
	}
	return file.Name(), errors.Join(err, file.Close())
}

// drop removes a job's file.
func (i *Imports) drop(j job) {
	if j.path != "" {
		i.remove(j.path)
	}
	<-i.files
}

func (i *Imports) remove(path string) {
	if err := os.Remove(path); err != nil {
		i.log.Warn("cannot remove a feed", "file", filepath.Base(path), "err", err)
	}
}

// read reads a feed and writes the result.
func (i *Imports) read(ctx context.Context, j job) {
	defer func() { i.drop(j) }()
	reading, cancel := context.WithCancel(ctx)
	var progress sync.WaitGroup
	var count counter
	progress.Go(func() {
		wait.Every(reading, progressTime, func() {
			done, total := count.get()
			if still, err := i.store.writeProgress(reading, j.city, j.id, done, total); err == nil && !still {
				cancel() // by Cancel, perhaps on another node
			}
		})
	})
	result := importRow{City: j.city, ID: j.id, State: Read}
	var n *network.Network
	var err error
	if j.address != "" {
		var got fetched
		got, err = i.fetch(reading, j.address, fetched{})
		j.path, result.ETag, result.LastModified = got.path, got.etag, got.lastModified
	}
	if err == nil {
		n, err = i.readFile(reading, j, &count)
	}
	if err == nil {
		result.Hash, err = i.store.Save(reading, n)
	}
	cancelled := err != nil && reading.Err() != nil && ctx.Err() == nil
	cancel()
	progress.Wait()
	if cancelled {
		return
	}
	if result.Done, result.Total = count.get(); err != nil {
		result.fail(ctx, err)
		if result.State == Failed && result.Problem == "" {
			i.log.Error("cannot read a feed", "city", j.city, "err", err)
		}
	} else {
		result.Lines, result.Stops = len(n.Lines), len(n.Stops)
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer stop()
	if err := i.store.endImport(end, result); err != nil {
		i.log.Error("cannot write the result of an import", "city", j.city, "err", err)
	}
}

func (i *Imports) readFile(ctx context.Context, j job, count *counter) (*network.Network, error) {
	file, err := os.Open(j.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	j.part.MaxUnpacked, j.part.Progress = i.MaxUnpacked, count.set
	return network.Read(ctx, file, info.Size(), j.part)
}

// counter is how much of a feed is read.
type counter struct {
	mu          sync.Mutex
	done, total int64
}

func (c *counter) set(done, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.total = done, total
}

func (c *counter) get() (done, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done, c.total
}
