package transit

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"linienfunk/transit/read"
)

// MaxStops is how many stops the networks of all Readers have together. A stop takes about 2 KB, with its share of the lines. Beyond it, those that were used least recently are
// forgotten, and loaded again when they are asked for.
const MaxStops = 200_000

const (
	readerWorkers = 2           // readers that are made at the same time
	retryTime     = time.Minute // after a network could not be loaded
)

// Source is what a read.Reader is made of.
type Source struct {
	Network   string   // hash in the Store
	Languages []string // see read.Options
	Names     []string // lines as network.ParseNames reads them
}

func (s Source) key() string {
	return strings.Join([]string{s.Network, strings.Join(s.Languages, ","), strings.Join(s.Names, "\n")}, "\x00")
}

// Readers holds the read.Reader of each city in memory. They are made in the background, so that nobody who asks for one waits for the database.
type Readers struct {
	MaxStops int // NewReaders sets it to MaxStops

	store  *Store
	source func(city string) (Source, bool)
	log    *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	ready  map[string]*made     // by Source.key
	last   map[string]known     // by city: of the reader that Reader returned last
	queue  []Source             // to be made, the next one first
	wanted map[string]*promise  // by key: in the queue, or being made
	failed map[string]time.Time // by key: when to try again
	wakeup chan struct{}        // holds a token when the queue may not be empty
	clock  uint64               // of uses
}

// known is a source with its key: making that takes longer than finding the reader.
type known struct {
	source Source
	key    string
}

// keyOf returns the key of a city's source, which is mostly the one of the last time. The caller holds mu.
func (r *Readers) keyOf(city string, source Source) string {
	last := r.last[city]
	if last.key != "" && last.source.Network == source.Network && slices.Equal(last.source.Languages, source.Languages) && sameList(last.source.Names, source.Names) {
		return last.key
	}
	return source.key()
}

// sameList reports whether two lists are the same one in memory. Nobody changes a list of settings.
func sameList(a, b []string) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// made is a reader in memory.
type made struct {
	reader *read.Reader
	stops  int
	used   uint64
}

// promise is a reader that is on its way. err is set before done is closed.
type promise struct {
	done chan struct{}
	err  error
}

// NewReaders returns Readers of the networks in store. source returns what a city's reader is made of, from memory; false if the city has no network. Nothing is made until Run.
func NewReaders(store *Store, source func(city string) (Source, bool), log *slog.Logger, now func() time.Time) *Readers {
	return &Readers{
		MaxStops: MaxStops, store: store, source: source, log: log, now: now, ready: map[string]*made{}, last: map[string]known{},
		wanted: map[string]*promise{}, failed: map[string]time.Time{}, wakeup: make(chan struct{}, 1),
	}
}

// Run makes readers until ctx ends.
func (r *Readers) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range readerWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				if next, ok := r.next(); ok {
					r.make(ctx, next)
					continue
				}
				select {
				case <-r.wakeup:
				case <-ctx.Done():
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// Reader returns a city's reader from memory, without waiting. A city without a network has none: nil, true. The same is returned if the network cannot be
// loaded, of which the log says why. While a city's first reader is on its way, ready is false, and while another one is, because the settings have changed,
// Reader returns the one before.
func (r *Readers) Reader(city string) (reader *read.Reader, ready bool) {
	source, has := r.source(city)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !has {
		delete(r.last, city)
		return nil, true
	}
	key := r.keyOf(city, source)
	if found := r.use(key); found != nil {
		r.last[city] = known{source, key}
		return found, true
	}
	if again, hasFailed := r.failed[key]; hasFailed {
		if r.now().After(again) {
			r.want(source, false)
		}
		return nil, true
	}
	r.want(source, true)
	if before := r.use(r.last[city].key); before != nil {
		return before, true
	}
	return nil, false
}

// Wait is Reader for a caller who can wait until ctx ends, and then gets its error.
func (r *Readers) Wait(ctx context.Context, city string) (*read.Reader, error) {
	if reader, ready := r.Reader(city); ready {
		return reader, nil
	}
	source, has := r.source(city)
	if !has {
		return nil, nil
	}
	reader, err := r.Get(ctx, source)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last[city] = known{source, source.key()}
	return reader, nil
}

// Get returns the reader of any network, as pages need it, and waits until it is made. Errors are those of Store.Load and ctx, and ErrLarge.
func (r *Readers) Get(ctx context.Context, source Source) (*read.Reader, error) {
	key := source.key()
	r.mu.Lock()
	found := r.use(key)
	var coming *promise
	if found == nil {
		coming = r.want(source, true)
	}
	r.mu.Unlock()
	for found == nil {
		select {
		case <-coming.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if coming.err != nil {
			return nil, coming.err
		}
		r.mu.Lock()
		if found = r.use(key); found == nil { // others needed the room
			coming = r.want(source, true)
		}
		r.mu.Unlock()
	}
	return found, nil
}

// Changed makes the reader of a city whose settings have changed, or are known now, so that it is there when the next report comes.
func (r *Readers) Changed(city string) {
	source, has := r.source(city)
	if !has {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ready[source.key()] == nil {
		r.want(source, false)
	}
}

// use returns a reader that is in memory. The caller holds mu.
func (r *Readers) use(key string) *read.Reader {
	found := r.ready[key]
	if found == nil {
		return nil
	}
	r.clock++
	found.used = r.clock
	return found.reader
}

// want puts a source into the queue, at its front if somebody waits. The caller holds mu.
func (r *Readers) want(source Source, urgent bool) *promise {
	key := source.key()
	coming := r.wanted[key]
	if coming == nil {
		coming = &promise{done: make(chan struct{})}
		r.wanted[key] = coming
	} else if !urgent || !r.unqueue(key) {
		return coming
	}
	if urgent {
		r.queue = append([]Source{source}, r.queue...)
	} else {
		r.queue = append(r.queue, source)
	}
	r.wake()
	return coming
}

// unqueue reports whether the source was still in the queue. The caller holds mu.
func (r *Readers) unqueue(key string) bool {
	for i, one := range r.queue {
		if one.key() == key {
			r.queue = append(r.queue[:i:i], r.queue[i+1:]...)
			return true
		}
	}
	return false
}

func (r *Readers) wake() {
	select {
	case r.wakeup <- struct{}{}:
	default:
	}
}
