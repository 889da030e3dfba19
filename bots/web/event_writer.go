package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eventWriter writes the differences between successive lists to one reader as events.
type eventWriter struct {
	bot   *bot
	w     http.ResponseWriter
	r     *http.Request
	begun bool
	last  uint   // id of the newest post that the reader has
	known []post // the list that the reader has
}

// writeChanges writes the differences from the previous list.
func (e *eventWriter) writeChanges(list []post) error {
	var events bytes.Buffer
	if !e.begun {
		e.begun, e.last = true, lastEventID(e.r, newestID(list))
		writeShown(&events, list)
	} else if wasRemoved(e.known, list) {
		writeShown(&events, list)
	}
	before := e.known
	e.known = list
	for _, p := range slices.Backward(list) {
		name := "post"
		if p.ID <= e.last {
			if name = "edit"; !e.edited(p, before) {
				continue
			}
		}
		var html strings.Builder
		if err := e.bot.post.Execute(&html, e.bot.view(e.r, p)); err != nil {
			e.bot.core.Log.Error("post cannot be rendered", "post", p.ID, "err", err)
			return err
		}
		e.last = max(e.last, p.ID)
		writeEvent(&events, name, e.last, html.String())
	}
	return e.write(events.Bytes())
}

func (e *eventWriter) write(events []byte) error {
	if len(events) == 0 {
		return nil
	}
	control := http.NewResponseController(e.w)
	err := control.SetWriteDeadline(time.Now().Add(e.bot.streams.writeTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write(events); err != nil {
		return err
	}
	return control.Flush()
}

// edited reports whether the reader may have an older version of a post. Of what changed before its first list nothing is known but that such a post
// has a state, or had one.
func (e *eventWriter) edited(p post, before []post) bool {
	if before == nil {
		return p.Edited != nil || p.People > 0 || p.Ended != nil
	}
	i := slices.IndexFunc(before, func(q post) bool { return q.ID == p.ID })
	return i >= 0 && (before[i].People != p.People || (before[i].Ended == nil) != (p.Ended == nil))
}

// lastEventID returns the id of the last post that the reader has, newest if the request names none.
func lastEventID(r *http.Request, newest uint) uint {
	for _, value := range []string{r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")} {
		if id, err := strconv.ParseUint(value, 10, 63); err == nil {
			return min(uint(id), newest) // it may be higher if the database was restored from an older copy
		}
	}
	return newest
}

// wasRemoved reports whether a post is missing now, other than those that newer ones pushed off the end of the list.
func wasRemoved(before, now []post) bool {
	oldest := uint(0)
	if len(now) == maxListed {
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
	// Browsers ignore an event without data. The second space makes the data of an empty list a space.
	fmt.Fprintf(out, "event: shown\ndata:  %s\n\n", strings.Join(ids, " "))
}

// writeEvent splits data into lines: in an event stream, CR, LF and CRLF all end a field.
func writeEvent(out *bytes.Buffer, name string, id uint, data string) {
	fmt.Fprintf(out, "event: %s\nid: %d\n", name, id)
	data = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)
	for line := range strings.SplitSeq(strings.TrimSpace(data), "\n") {
		fmt.Fprintf(out, "data: %s\n", line)
	}
	out.WriteByte('\n')
}
