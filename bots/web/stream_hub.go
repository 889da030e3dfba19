package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The most open streams of one city and of the process. A stream costs about 30 KB with its connection.
const (
	maxStreamsOfCity = 500
	maxStreams       = 2000
)

var errFull = errors.New("too many open streams")

// hub tells the open streams of this process what their cities' lists look like. It has one subscription per city
// with open streams, and reads a changed list once for all of them.
//
// A stream is told the whole list and not single posts. So it may skip any of them that comes while it writes, a
// slow one holds nothing up and piles up nothing, and a lost event is made good by the next.
type hub struct {
	bot             *bot
	ofCity, overall int // limits
	ping, write     time.Duration

	// join guards joining and leaving as a whole, since subscribing may take time. It is never taken by list,
	// which a subscription calls, perhaps while it holds locks of its own.
	join sync.Mutex

	mu     sync.Mutex
	topics map[string]*topic
	count  int
}

// topic is a city with open streams.
type topic struct {
	streams map[*stream]struct{}
	stop    func()     // ends the subscription; guarded by hub.join
	reading sync.Mutex // so that no stream gets an older list after a newer one; taken before hub.mu
}

// stream is one open page.
type stream struct {
	lists chan []post // holds at most the newest list; a nil one says that the city shows its list no more
}

func newHub(b *bot) *hub {
	return &hub{bot: b, ofCity: maxStreamsOfCity, overall: maxStreams, ping: pingEvery, write: writeTime, topics: map[string]*topic{}}
}

// open makes a stream. ctx is that of Listen: streams of a city end before it does.
func (h *hub) open(ctx context.Context, city string) (*stream, error) {
	h.join.Lock()
	defer h.join.Unlock()
	s := &stream{lists: make(chan []post, 1)}
	isFirst, err := h.add(city, s)
	if err != nil || !isFirst {
		return s, err
	}
	stop, err := h.bot.core.Events.Subscribe(city, func([]byte) { h.changed(ctx, city) })
	if err != nil {
		h.remove(city, s)
		return nil, wrap("subscribe to events", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.topics[city].stop = stop
	return s, nil
}

// changed is called for each event.
func (h *hub) changed(ctx context.Context, city string) {
	if err := h.refresh(ctx, city, nil); err != nil && ctx.Err() == nil {
		h.bot.core.Log.Error("open pages do not see a change", "city", city, "err", err)
	}
}

func (h *hub) add(city string, s *stream) (isFirst bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[city]
	if h.count >= h.overall || t != nil && len(t.streams) >= h.ofCity {
		return false, errFull
	}
	if isFirst = t == nil; isFirst {
		t = &topic{streams: map[*stream]struct{}{}}
		h.topics[city] = t
	}
	t.streams[s] = struct{}{}
	h.count++
	return isFirst, nil
}

// close ends a stream, and the city's subscription with its last.
func (h *hub) close(city string, s *stream) {
	h.join.Lock()
	defer h.join.Unlock()
	if stop := h.remove(city, s); stop != nil {
		stop()
	}
}

func (h *hub) remove(city string, s *stream) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[city]
	delete(t.streams, s)
	h.count--
	if len(t.streams) > 0 {
		return nil
	}
	delete(h.topics, city)
	return t.stop
}

// refresh reads the city's list and gives it to one stream, or to all if only is nil.
func (h *hub) refresh(ctx context.Context, city string, only *stream) error {
	h.mu.Lock()
	t := h.topics[city]
	h.mu.Unlock()
	if t == nil {
		return nil
	}
	t.reading.Lock()
	defer t.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	list, err := h.bot.list(ctx, city)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range t.streams {
		if only == nil || only == s {
			s.give(list)
		}
	}
	return nil
}

// list is what the city shows now: nil if it shows no list, and empty if there is nothing on it.
func (b *bot) list(ctx context.Context, city string) ([]post, error) {
	c, known, err := b.core.Cities.City(ctx, city)
	if err != nil || !known || !c.Active || !c.Options.On("list") {
		return nil, wrap("look up city", err)
	}
	posts, err := b.latest(ctx, city)
	if err == nil && posts == nil {
		posts = []post{}
	}
	return posts, err
}

// give replaces the list that the stream has not taken yet. hub.mu is held, so nobody else gives.
func (s *stream) give(list []post) {
	select {
	case <-s.lists:
	default:
	}
	s.lists <- list
}
