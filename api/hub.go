package api

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Bounds of streams. One needs about 30 KB with its connection.
const (
	maxKeyStreams  = 20   // of a key
	maxCityStreams = 1000 // of a city, on a node
	maxStreams     = 4000 // of a node
)

var errTooManyStreams = errors.New("too many open streams")

// hub passes the events of cities to the open streams of this node. It reads them once for all streams of a city, and keeps the newest: a stream that has
// fallen behind reads the database.
type hub struct {
	feed      *feed
	subscribe func(city string, f func()) (stop func(), err error)
	failed    func(city string, err error)

	maxKey, maxCity, maxAll int

	ended   chan struct{}  // closed when the program stops
	running sync.WaitGroup // a goroutine for each topic

	mu     sync.Mutex
	cities map[string]*topic
	keys   map[uint]int // streams by key
	count  int
}

// topic is a city with open streams.
type topic struct {
	streams map[*stream]struct{}
	stop    func()        // ends the subscription
	dirty   chan struct{} // holds a token if something has changed
	over    chan struct{} // closed when the last stream leaves
	refresh sync.Mutex
	newest  []message // the newest events, without a gap; guarded by hub.mu
	since   uint      // who has had this event, or a later one, needs no other than newest; guarded by hub.mu
	last    uint      // the number of the last event that is known, 0 for none; guarded by hub.mu
	begun   bool      // last is known; guarded by hub.mu
}

// message is an event as it is sent.
type message struct {
	id   uint
	text []byte
}

// kept is how many messages a topic keeps.
const kept = 256

// stream is an open connection.
type stream struct {
	key     uint
	woken   chan struct{}
	revoked chan struct{} // closed when the key is
	ended   bool          // revoked is closed; guarded by hub.mu
}

func newHub(f *feed, subscribe func(string, func()) (func(), error), failed func(string, error)) *hub {
	return &hub{feed: f, subscribe: subscribe, failed: failed, maxKey: maxKeyStreams, maxCity: maxCityStreams, maxAll: maxStreams, ended: make(chan struct{}), cities: map[string]*topic{}, keys: map[uint]int{}}
}

// join adds a stream, and returns the number of the last event so far.
func (h *hub) join(ctx context.Context, city string, key uint) (*stream, uint, error) {
	s := &stream{key: key, woken: make(chan struct{}, 1), revoked: make(chan struct{})}
	if err := h.add(city, s); err != nil {
		return nil, 0, err
	}
	if err := h.update(ctx, city); err != nil {
		h.leave(city, s)
		return nil, 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return s, h.cities[city].last, nil
}

func (h *hub) add(city string, s *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.cities[city]
	if h.count >= h.maxAll || h.keys[s.key] >= h.maxKey || t != nil && len(t.streams) >= h.maxCity {
		return errTooManyStreams
	}
	if t == nil {
		t = &topic{streams: map[*stream]struct{}{}, dirty: make(chan struct{}, 1), over: make(chan struct{})}
		var err error
		if t.stop, err = h.subscribe(city, t.touch); err != nil {
			return err
		}
		h.cities[city] = t
		h.running.Go(func() { h.follow(city, t) })
	}
	t.streams[s] = struct{}{}
	h.count++
	h.keys[s.key]++
	return nil
}

// leave removes a stream.
func (h *hub) leave(city string, s *stream) {
	h.mu.Lock()
	t := h.cities[city]
	delete(t.streams, s)
	h.count--
	if h.keys[s.key]--; h.keys[s.key] == 0 {
		delete(h.keys, s.key)
	}
	var stop func()
	if len(t.streams) == 0 {
		delete(h.cities, city)
		stop = t.stop
		close(t.over)
	}
	h.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// touch notes that something has changed in the city's ledger. Many changes at once are one update.
func (t *topic) touch() {
	select {
	case t.dirty <- struct{}{}:
	default:
	}
}

// follow updates a topic after each change, until nobody listens. Announcements may get lost, so it does so now and then anyway.
func (h *hub) follow(city string, t *topic) {
	now := time.NewTicker(updateEvery)
	defer now.Stop()
	for {
		select {
		case <-h.ended:
			return
		case <-t.over:
			return
		case <-t.dirty:
		case <-now.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := h.update(ctx, city); err != nil {
			h.failed(city, err)
		}
		cancel()
	}
}

// updateEvery is how often the ledger is looked at without an announcement.
const updateEvery = 30 * time.Second

// revoke ends the streams of a key.
func (h *hub) revoke(key uint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.cities {
		for s := range t.streams {
			if s.key == key && !s.ended {
				s.ended = true
				close(s.revoked)
			}
		}
	}
}

// end ends all streams.
func (h *hub) end() {
	close(h.ended)
	h.running.Wait()
}

// update reads the new events of a city and wakes its streams.
func (h *hub) update(ctx context.Context, city string) error {
	h.mu.Lock()
	t := h.cities[city]
	h.mu.Unlock()
	if t == nil {
		return nil
	}
	t.refresh.Lock()
	defer t.refresh.Unlock()
	last, err := h.feed.update(ctx, city)
	if err != nil {
		return err
	}
	h.mu.Lock()
	from, begun := t.last, t.begun
	t.begun = true
	h.mu.Unlock()
	if last <= from {
		return nil
	}
	var news []message
	if begun { // else the first stream: what it wants it reads itself
		events, err := h.feed.after(ctx, city, from, kept)
		if err != nil {
			return err
		}
		for _, e := range events {
			news = append(news, newMessage(e))
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(news) == kept || !begun { // there may be more: streams read the database
		news, t.newest, t.since = nil, nil, last
	}
	t.newest = append(t.newest, news...)
	if over := len(t.newest) - kept; over > 0 {
		t.since, t.newest = t.newest[over-1].id, t.newest[over:]
	}
	t.last = max(last, from)
	for s := range t.streams {
		select {
		case s.woken <- struct{}{}:
		default: // it looks anyway
		}
	}
	return nil
}

// next returns what a stream that has had the event with a number gets next; nothing if there is nothing.
func (h *hub) next(ctx context.Context, city string, had uint) ([]message, error) {
	h.mu.Lock()
	t := h.cities[city]
	if had >= t.last {
		h.mu.Unlock()
		return nil, nil
	}
	if n := len(t.newest); had >= t.since {
		i := 0
		for i < n && t.newest[i].id <= had {
			i++
		}
		news := t.newest[i:n:n]
		h.mu.Unlock()
		return news, nil
	}
	h.mu.Unlock()
	events, err := h.feed.after(ctx, city, had, 100)
	var news []message
	for _, e := range events {
		news = append(news, newMessage(e))
	}
	return news, err
}
