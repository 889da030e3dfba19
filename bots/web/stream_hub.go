package web

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"linienfunk/bots"
)

// The maximum numbers of open streams per city and per process. A stream needs about 30 KB with its connection.
const (
	maxCityStreams = 500
	maxStreams     = 2000
)

const (
	// pingInterval keeps proxies from closing a quiet connection, which they do after 60 s or more. The standard suggests
	// a comment every 15 s or so (https://html.spec.whatwg.org/multipage/server-sent-events.html, authoring notes).
	pingInterval = 25 * time.Second

	// writeTimeout is how long one write may take before the reader counts as gone. Listen has to end within 5 s.
	writeTimeout = 3 * time.Second
)

var errTooManyStreams = errors.New("too many open streams")

// streamHub passes the cities' lists to the open streams of this process. It has one event subscription per city with open streams,
// and reads a changed list once for all of them.
//
// A stream gets the whole list, not single posts. So a stream that is busy writing may miss a list: a slow one delays no other and
// queues nothing, and the next event makes up for a lost one.
type streamHub struct {
	events                     bots.Events
	log                        *slog.Logger
	list                       func(ctx context.Context, city string) ([]post, error)
	maxCity, maxTotal          int
	pingInterval, writeTimeout time.Duration

	// membership serializes join and leave, since subscribing may take time. refresh, which events call, perhaps while the
	// subscription holds a lock, must not lock it.
	membership sync.Mutex

	mu     sync.Mutex
	topics map[string]*topic // by city
	count  int               // of streams
}

// topic is a city with open streams.
type topic struct {
	streams     map[*stream]struct{}
	unsubscribe func()     // guarded by streamHub.membership
	refresh     sync.Mutex // keeps an older list from replacing a newer one; locked before streamHub.mu
}

// stream is one open page.
type stream struct {
	lists chan []post // holds at most one list, the newest; nil means that the city no longer shows its list
}

// newStreamHub makes a hub. list returns what a city shows, as in bot.list.
func newStreamHub(core bots.Core, list func(ctx context.Context, city string) ([]post, error)) *streamHub {
	return &streamHub{
		events: core.Events, log: core.Log, list: list, maxCity: maxCityStreams, maxTotal: maxStreams, pingInterval: pingInterval, writeTimeout: writeTimeout,
		topics: map[string]*topic{},
	}
}

// join adds a stream. The stream has to leave before ctx, that of Listen, ends.
func (h *streamHub) join(ctx context.Context, city string) (*stream, error) {
	h.membership.Lock()
	defer h.membership.Unlock()
	s := &stream{lists: make(chan []post, 1)}
	isFirst, err := h.add(city, s)
	if err != nil || !isFirst {
		return s, err
	}
	unsubscribe, err := h.events.Subscribe(city, func([]byte) { h.refreshAll(ctx, city) })
	if err != nil {
		h.remove(city, s)
		return nil, wrap("subscribe to events", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.topics[city].unsubscribe = unsubscribe
	return s, nil
}

// leave removes a stream, and the subscription of a city without further ones.
func (h *streamHub) leave(city string, s *stream) {
	h.membership.Lock()
	defer h.membership.Unlock()
	if unsubscribe := h.remove(city, s); unsubscribe != nil {
		unsubscribe()
	}
}

func (h *streamHub) add(city string, s *stream) (isFirst bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[city]
	if h.count >= h.maxTotal || t != nil && len(t.streams) >= h.maxCity {
		return false, errTooManyStreams
	}
	if isFirst = t == nil; isFirst {
		t = &topic{streams: map[*stream]struct{}{}}
		h.topics[city] = t
	}
	t.streams[s] = struct{}{}
	h.count++
	return isFirst, nil
}

// remove returns how to unsubscribe if s was the city's last stream.
func (h *streamHub) remove(city string, s *stream) (unsubscribe func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[city]
	delete(t.streams, s)
	h.count--
	if len(t.streams) > 0 {
		return nil
	}
	delete(h.topics, city)
	return t.unsubscribe
}

// refreshAll is called for each event.
func (h *streamHub) refreshAll(ctx context.Context, city string) {
	if err := h.refresh(ctx, city, nil); err != nil && ctx.Err() == nil {
		h.log.Error("open pages do not show a change", "city", city, "err", err)
	}
}

// refresh reads the city's list and passes it to one stream, or to all if only is nil.
func (h *streamHub) refresh(ctx context.Context, city string, only *stream) error {
	h.mu.Lock()
	t := h.topics[city]
	h.mu.Unlock()
	if t == nil {
		return nil
	}
	t.refresh.Lock()
	defer t.refresh.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	list, err := h.list(ctx, city)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range t.streams {
		if only == nil || only == s {
			s.replace(list)
		}
	}
	return nil
}

// replace replaces a list that the stream has not received yet. streamHub.mu is held, so there is no other sender.
func (s *stream) replace(list []post) {
	select {
	case <-s.lists:
	default:
	}
	s.lists <- list
}
