package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"linienfunk/bots"
)

const (
	// pingEvery keeps proxies from closing a quiet connection; they do after 60 s and more. The standard asks for
	// a comment every 15 s or so (https://html.spec.whatwg.org/multipage/server-sent-events.html, authoring notes).
	pingEvery = 25 * time.Second

	// writeTime is how long one write may take before the reader counts as gone. Listen has to end within 5 s.
	writeTime = 3 * time.Second
)

// streamEvents sends what happens to the city's list as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html):
//
//	event: post    a new post; id is its id, data its list item in HTML
//	event: shown   some are gone; data lists the ids of all posts that are still shown, parted by spaces
//
// It begins with the posts after Last-Event-ID or, on a page's first request, after the parameter "after"; without
// either with what comes from now on.
func (b *bot) streamEvents(w http.ResponseWriter, r *http.Request) {
	if !listOpen(r) {
		http.NotFound(w, r)
		return
	}
	lease := b.intake.Acquire()
	if lease == nil {
		b.busy(w, r)
		return
	}
	defer lease.Release()
	city := bots.MountOf(r).City.Name
	stream, err := b.live.open(lease.Ctx, city)
	if errors.Is(err, errFull) {
		b.busy(w, r)
		return
	} else if err != nil {
		b.fail(w, r, "live page", err)
		return
	}
	defer b.live.close(city, stream)
	if err := b.live.refresh(lease.Ctx, city, stream); err != nil {
		b.fail(w, r, "live page", err)
		return
	}
	b.follow(lease.Ctx, w, r, stream)
}

// follow writes until the reader or the list is gone or ctx ends. Errors in writing mean that the reader has left.
func (b *bot) follow(ctx context.Context, w http.ResponseWriter, r *http.Request, s *stream) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx collects answers otherwise
	if r.Method == http.MethodHead {
		return
	}
	ping := time.NewTicker(b.live.ping)
	defer ping.Stop()
	out := eventWriter{bot: b, w: w, r: r}
	// Readers come back after a second to five, so that not all of a restarted program come at once.
	err := out.write([]byte("retry: " + strconv.Itoa(1000+rand.IntN(4000)) + "\n\n"))
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-r.Context().Done():
			return
		case <-ping.C:
			if !b.active(r) {
				return
			}
			err = out.write([]byte(":\n\n"))
		case list := <-s.lists:
			if list == nil {
				return
			}
			err = out.show(list)
		}
	}
}

// active says whether the city's main switch is still on. Nobody tells us when it is not.
func (b *bot) active(r *http.Request) bool {
	city, known, err := b.core.Cities.City(r.Context(), bots.MountOf(r).City.Name)
	return err != nil || known && city.Active
}

// busy asks the reader to come later. A browser gives up after any answer but 200; live.js tries again.
func (b *bot) busy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "30")
	http.Error(w, b.text(r, "not-now"), http.StatusServiceUnavailable)
}

// eventWriter turns lists into events for one reader.
type eventWriter struct {
	bot   *bot
	w     http.ResponseWriter
	r     *http.Request
	begun bool
	last  uint   // the newest post that the reader has
	known []post // the list that the reader knows
}

// show writes what is different from the list before.
func (e *eventWriter) show(list []post) error {
	var events bytes.Buffer
	if !e.begun {
		e.begun, e.last = true, lastSeen(e.r, newest(list))
		writeShown(&events, list)
	} else if someGone(e.known, list) {
		writeShown(&events, list)
	}
	e.known = list
	for _, p := range slices.Backward(list) {
		if p.ID <= e.last {
			continue
		}
		var html strings.Builder
		if err := e.bot.item.Execute(&html, e.bot.itemOf(e.r, p)); err != nil {
			e.bot.core.Log.Error("post cannot be rendered", "post", p.ID, "err", err)
			return err
		}
		writeEvent(&events, "post", p.ID, html.String())
		e.last = p.ID
	}
	return e.write(events.Bytes())
}

func (e *eventWriter) write(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	control := http.NewResponseController(e.w)
	err := control.SetWriteDeadline(time.Now().Add(e.bot.live.write))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write(events); err != nil {
		return err
	}
	return control.Flush()
}

// lastSeen is the id after which the reader wants posts.
func lastSeen(r *http.Request, newest uint) uint {
	for _, value := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if id, err := strconv.ParseUint(value, 10, 63); err == nil {
			return min(uint(id), newest) // in a database that was restored from an older copy, ids begin again
		}
	}
	return newest
}

// someGone says whether a post is missing that did not just fall off the list's end.
func someGone(before, now []post) bool {
	oldest := uint(0)
	if len(now) == listed {
		oldest = now[len(now)-1].ID
	}
	for _, p := range before {
		if p.ID > oldest && !slices.ContainsFunc(now, func(q post) bool { return q.ID == p.ID }) {
			return true
		}
	}
	return false
}

func writeShown(out *bytes.Buffer, list []post) {
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = strconv.FormatUint(uint64(p.ID), 10)
	}
	// A browser drops an event without data: the space makes the data of an empty list not empty.
	fmt.Fprintf(out, "event: shown\ndata:  %s\n\n", strings.Join(ids, " "))
}

// writeEvent ends lines as the standard knows them: CR, LF and CRLF all would end a field.
func writeEvent(out *bytes.Buffer, name string, id uint, data string) {
	fmt.Fprintf(out, "event: %s\nid: %d\n", name, id)
	data = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)
	for line := range strings.SplitSeq(strings.TrimSpace(data), "\n") {
		fmt.Fprintf(out, "data: %s\n", line)
	}
	out.WriteByte('\n')
}
