package mastodontest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"linienfunk/bots/bottest/fake"
)

type notification struct {
	id     int64
	kind   string
	to     *Account
	status *Status
	at     time.Time
}

// event is an event of a stream: its name and its data.
type event struct{ name, data string }

// notify stores a notification and sends it to the streams of the account, except where the default policy for
// notifications holds it back (https://docs.joinmastodon.org/entities/NotificationPolicy/). s.mu is held.
func (s *Server) notify(to *Account, kind string, st *Status) {
	if to == st.account || !to.local() {
		return
	}
	s.ids++
	n := &notification{id: s.ids, kind: kind, to: to, status: st, at: s.Now()}
	if s.late != nil {
		*s.late = append(*s.late, n)
		return
	}
	s.notes = append(s.notes, n)
	if s.filtered(n) {
		return
	}
	data, err := json.Marshal(s.notificationJSON(n))
	if err != nil {
		panic(err)
	}
	for stream, who := range s.streams {
		if who == to {
			select {
			case stream <- event{"notification", string(data)}:
			default: // a client that does not read; a real server drops it sooner or later, too
			}
		}
	}
}

// filtered reports whether it is a private mention by an account that the mentioned one does not follow; this server has no follows.
func (s *Server) filtered(n *notification) bool {
	return s.FilterPrivate && n.kind == "mention" && n.status.Visibility == "direct"
}

// notificationJSON follows https://docs.joinmastodon.org/entities/Notification/. s.mu is held.
func (s *Server) notificationJSON(n *notification) map[string]any {
	return map[string]any{
		"id": s.noteID(n.id), "type": n.kind, "created_at": stamp(n.at),
		"account": s.accountJSON(n.status.account), "status": s.statusJSON(n.status, n.to),
	}
}

// notifications follows https://docs.joinmastodon.org/methods/notifications/#get. With min_id the page is the oldest one
// behind it, otherwise the newest one; in both cases its newest notification comes first.
func (s *Server) notifications(w http.ResponseWriter, r *http.Request, me *Account) {
	s.parameters(r, "max_id", "since_id", "min_id", "limit", "types[]", "exclude_types[]", "account_id", "include_filtered")
	q := r.URL.Query()
	limit, ok1 := s.number(w, r, "limit", 40)
	min, ok2 := s.number(w, r, "min_id", 0)
	since, ok3 := s.number(w, r, "since_id", 0)
	high, ok4 := s.number(w, r, "max_id", 1<<62)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return
	}
	low := max(min, since)
	if limit = cmp.Or(limit, 40); limit > int64(s.PageSize) {
		limit = int64(s.PageSize)
	}
	forward := q.Has("min_id")
	switch s.Dialect {
	case Pixelfed: // min_id is included, and gives the newest page (accountNotifications, NotificationService::getMin)
		low, forward = low-1, false
	case Ancient:
		if slices.Contains(q["types[]"], "update") {
			fail(w, http.StatusUnprocessableEntity, "Validation failed: Types is not included in the list")
			return
		}
		low, forward = since, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*notification
	for _, n := range s.notes {
		wanted := !q.Has("types[]") || slices.Contains(q["types[]"], n.kind)
		if n.to == me && wanted && !slices.Contains(q["exclude_types[]"], n.kind) && n.id > low && n.id < high &&
			(!s.filtered(n) || q.Get("include_filtered") == "true") && (s.filtersPages() || !n.hidden()) {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b *notification) int { return cmp.Compare(a.id, b.id) })
	if over := len(found) - int(limit); over > 0 && forward {
		found = found[:limit]
	} else if over > 0 {
		found = found[over:]
	}
	slices.Reverse(found)
	if len(found) > 0 {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?limit=%d&max_id=%s>; rel="next", <%s%s?limit=%d&min_id=%s>; rel="prev"`,
			s.URL, r.URL.Path, limit, s.noteID(found[len(found)-1].id), s.URL, r.URL.Path, limit, s.noteID(found[0].id)))
	}
	page := []any{}
	for _, n := range found {
		if !n.hidden() {
			page = append(page, s.notificationJSON(n))
		}
	}
	fake.WriteJSON(w, http.StatusOK, page)
}

// hidden reports whether readers have muted the author, or there is a block.
func (n *notification) hidden() bool { return n.status.account.Muted || n.status.account.cutOff() }

// filtersPages reports whether the server leaves muted and blocked accounts out of a page that it has cut to the limit, so that pages are short or
// empty with more behind them, and only the Link header says so (NotificationsGet in internal/processing/timeline/notification.go of GoToSocial).
func (s *Server) filtersPages() bool { return s.Dialect == GoToSocial }

// streamingHealth follows https://docs.joinmastodon.org/methods/streaming/#health.
func (s *Server) streamingHealth(w http.ResponseWriter, _ *http.Request) {
	if !s.Streaming {
		fail(w, http.StatusNotFound, "Not found")
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprint(w, "OK")
}

// streamUser follows https://docs.joinmastodon.org/methods/streaming/#user: server-sent events with a comment every now
// and then.
func (s *Server) streamUser(w http.ResponseWriter, r *http.Request, me *Account) {
	if !s.hasSSE() {
		if s.Dialect != Mastodon {
			s.Complain("a stream is asked of %s, which has none", s.Dialect)
		}
		fail(w, http.StatusNotFound, "Not found")
		return
	}
	stream := make(chan event, 1000)
	s.mu.Lock()
	s.streams[stream] = me
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.streams, stream)
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "private, no-store")
	fmt.Fprint(w, ":)\n")
	w.(http.Flusher).Flush()
	for {
		select {
		case e, ok := <-stream:
			if !ok {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, strings.ReplaceAll(e.data, "\n", ""))
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		case <-s.Ended():
			return
		}
	}
}

// DropStreams ends all streams.
func (s *Server) DropStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream := range s.streams {
		close(stream)
		delete(s.streams, stream)
	}
}

// Streams counts the open streams.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}
