package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"linienfunk/bots"
)

// serveEventStream sends the changes of the city's list as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html):
//
//	event: post    a new post; id is its id, data its list item in HTML
//	event: edit    what has become of an older post; id is that of the newest post, data the older one's list item
//	event: shown   posts were removed; data lists the ids of the remaining posts, separated by spaces
//	event: ping    nothing is new; a page that hears nothing for longer knows that its connection is lost
//
// It begins with the posts after Last-Event-ID or, on a page's first request, after the parameter "after"; without either, with
// posts from now on.
func (b *bot) serveEventStream(w http.ResponseWriter, r *http.Request) {
	if !showsList(r) {
		http.NotFound(w, r)
		return
	}
	lease := b.intake.Acquire()
	if lease == nil {
		b.unavailable(w, r)
		return
	}
	defer lease.Release()
	city := bots.MountOf(r).City.Name
	s, err := b.streams.join(lease.Ctx, city)
	if errors.Is(err, errTooManyStreams) {
		b.unavailable(w, r)
		return
	} else if err != nil {
		b.serverError(w, r, "live page", err)
		return
	}
	defer b.streams.leave(city, s)
	if err := b.streams.refresh(lease.Ctx, city, s); err != nil {
		b.serverError(w, r, "live page", err)
		return
	}
	b.writeEvents(lease.Ctx, w, r, s)
}

// writeEvents returns when the reader is gone, the city hides the list, or ctx ends. Errors in writing mean that the reader is gone.
func (b *bot) writeEvents(ctx context.Context, w http.ResponseWriter, r *http.Request, s *stream) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx buffers otherwise
	if r.Method == http.MethodHead {
		return
	}
	ping := time.NewTicker(b.streams.pingInterval)
	defer ping.Stop()
	out := eventWriter{bot: b, w: w, r: r}
	// Readers reconnect after 1 to 5 seconds, so that they do not all come at once after a restart.
	err := out.write([]byte("retry: " + strconv.Itoa(1000+rand.IntN(4000)) + "\n\n"))
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-r.Context().Done():
			return
		case <-ping.C:
			if !b.isActive(r) {
				return
			}
			err = out.write([]byte("event: ping\ndata:  \n\n"))
		case list := <-s.lists:
			if list == nil {
				return
			}
			err = out.writeChanges(list)
		}
	}
}

// isActive reports whether the city's main switch is still on. No event announces that it was switched off.
func (b *bot) isActive(r *http.Request) bool {
	city, known, err := b.core.Cities.City(r.Context(), bots.MountOf(r).City.Name)
	return err != nil || known && city.Active
}
