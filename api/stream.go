package api

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"linienfunk/commands"
)

// pingEvery keeps proxies from closing a quiet connection. The key is looked up again as often, since an announcement that it was revoked may get lost. writeTime is how long one write
// may take before the reader counts as gone.
const (
	pingEvery = 15 * time.Second
	writeTime = 3 * time.Second
)

// addStream adds the stream of events, which is no command.
func (a *API) addStream() {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Event](), true, "")
	op := &huma.Operation{OperationID: "events", Method: http.MethodGet, Path: byCity + "events", Summary: a.Text("en", "operation-events"), Tags: []string{string(commands.ScopeRead)},
		Parameters: []*huma.Param{cityParam(), header("Last-Event-ID", "The last event that you have had: the stream begins with the next one. Without it, it begins with what happens from now on.", false),
			{Name: "after", In: "query", Description: "The same as Last-Event-ID, for those who cannot set headers.", Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: ptr(0.0)}}},
		Responses: map[string]*huma.Response{"200": {Description: "Server-sent events. The data of each is an Event as JSON, its event field the type, its id the number.",
			Content: map[string]*huma.MediaType{"text/event-stream": {Schema: schema}}}}}
	a.add(op, commands.Command{Scope: commands.ScopeRead}, a.stream)
}

// stream serves the events of a city as they happen (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	key, ok := a.admitTo(w, r, commands.ScopeRead)
	if !ok {
		return
	}
	after, given, p := a.lastEvent(r)
	if p != nil {
		a.writeProblem(w, r, p)
		return
	}
	s, last, err := a.hub.join(r.Context(), key.City, key.ID)
	if errors.Is(err, errTooManyStreams) {
		a.fail(w, r, "too-many-streams", "Max", maxKeyStreams)
		return
	} else if err != nil {
		a.failed(w, r, err, "")
		return
	}
	defer a.hub.leave(key.City, s)
	if !given || after > last { // the database was restored from an older copy
		after = last
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx buffers otherwise
	if r.Method == http.MethodHead {
		return
	}
	if err := a.sendEvents(w, r, key.City, s, after); err != nil && r.Context().Err() == nil && !errors.Is(err, errGone) {
		a.Log.Warn("a stream of events ends", "city", key.City, "err", err)
	}
}

// lastEvent is the event after which a stream begins.
func (a *API) lastEvent(r *http.Request) (id uint, given bool, p *Problem) {
	for name := range r.URL.Query() {
		if name != "after" {
			return 0, false, a.problemAt(r, "unknown", at("query", name))
		}
	}
	for location, typed := range map[string]string{"header.Last-Event-ID": r.Header.Get("Last-Event-ID"), "query.after": r.URL.Query().Get("after")} {
		if typed == "" {
			continue
		}
		n, err := strconv.ParseUint(typed, 10, 62)
		if err != nil {
			return 0, false, a.problemAt(r, "event", location)
		}
		id, given = max(id, uint(n)), true
	}
	return id, given, nil
}

// errGone means that the reader does not read.
var errGone = errors.New("the reader is gone")

// sendEvents returns when the reader is gone, the key is revoked, or the program stops.
func (a *API) sendEvents(w http.ResponseWriter, r *http.Request, city string, s *stream, had uint) error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	// Readers reconnect after 1 to 5 seconds, so that they do not all come at once after a restart.
	out := fmt.Appendf(nil, "retry: %d\n\n", 1000+rand.IntN(4000))
	for {
		if err := write(w, out); err != nil {
			return err
		}
		out = out[:0]
		news, err := a.hub.next(r.Context(), city, had)
		if err != nil {
			return err
		}
		if len(news) > 0 {
			out, had = appendMessages(out, news), news[len(news)-1].id
			continue
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-a.hub.ended:
			return nil
		case <-s.revoked:
			return nil
		case <-s.woken:
		case <-ping.C:
			if _, err := a.Keys.find(r.Context(), r.Header.Get(keyHeader)); errors.Is(err, ErrNoKey) {
				return nil
			}
			out = append(out, ": ping\n\n"...)
		}
	}
}

func appendMessages(out []byte, news []message) []byte {
	for _, m := range news {
		out = append(out, m.text...)
	}
	return out
}

// write writes at once. A reader who does not read keeps nobody waiting for long.
func write(w http.ResponseWriter, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return errGone
	}
	if err := control.Flush(); err != nil {
		return errGone
	}
	return nil
}

// newMessage is an event as a stream sends it. JSON of encoding/json has no line ends.
func newMessage(e Event) message {
	var out bytes.Buffer
	fmt.Fprintf(&out, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Type, e.text())
	return message{uint(e.ID), out.Bytes()}
}
