package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// post is a status that the fake has accepted.
type post struct {
	Account string
	Text    string
	At      time.Time // when the request arrived
}

// instance is a fake of Mastodon, small enough not to be what is measured: https://docs.joinmastodon.org/methods/ for accounts that only post. The
// token of the account city0 is "city0".
type instance struct {
	mode     atomic.Value // a mode
	streams  atomic.Int64
	requests atomic.Int64 // POST /api/v1/statuses, whatever the answer
	ended    chan struct{}

	mu       sync.Mutex
	posts    []post
	byKey    map[string]int // index of a post, by account and Idempotency-Key
	repeated int            // requests with the key of a post
	unknown  []string       // requests for paths that the fake does not have
	changed  chan struct{}  // closed and replaced when a post is added
}

// mode is how the fake answers.
type mode string

const (
	modeOK      mode = "ok"
	mode500     mode = "500"
	mode429     mode = "429"     // without Retry-After
	modeClosing mode = "closing" // connections are closed without an answer
	modeHanging mode = "hanging" // posts get no answer
)

// fakeState is what GET /bench/state answers.
type fakeState struct {
	Streams, Requests, Posts, Repeated int
	Unknown                            []string
}

// listenVariable is the environment variable with the IP address of a fake.
const listenVariable = "LINIENFUNK_BENCH_LISTEN"

// runFake serves an instance on a free port until in ends. It writes its address to out.
func runFake(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv(listenVariable), "0"))
	if err != nil {
		return err
	}
	i := &instance{ended: make(chan struct{})}
	i.reset()
	server := &http.Server{Handler: i.handler()}
	go server.Serve(listener)
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	_, err = io.Copy(io.Discard, in)
	close(i.ended)
	server.Close()
	return err
}

func (i *instance) reset() {
	i.mode.Store(modeOK)
	i.requests.Store(0)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.posts, i.byKey, i.repeated, i.unknown, i.changed = nil, map[string]int{}, 0, nil, make(chan struct{})
}

func (i *instance) handler() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/v2/instance", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"domain": "fake.example", "title": "Fake", "version": "4.3.0",
			"configuration": map[string]any{"statuses": map[string]any{"max_characters": 500, "characters_reserved_per_url": 23}}})
	})
	api.HandleFunc("GET /api/v1/instance", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"uri": "fake.example", "title": "Fake", "version": "4.3.0", "urls": map[string]string{"streaming_api": "ws://" + r.Host}})
	})
	api.HandleFunc("GET /api/v1/accounts/verify_credentials", func(w http.ResponseWriter, r *http.Request) {
		name := account(r)
		answer(w, map[string]any{"id": accountID(name), "acct": name, "username": name, "url": "https://fake.example/@" + name})
	})
	api.HandleFunc("GET /api/v1/notifications", func(w http.ResponseWriter, _ *http.Request) { answer(w, []any{}) })
	api.HandleFunc("GET /api/v1/streaming/user", i.stream)
	api.HandleFunc("GET /api/v1/streaming/health", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "OK") })
	api.HandleFunc("POST /api/v1/statuses", i.postStatus)
	api.HandleFunc("DELETE /api/v1/statuses/{id}", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{}) })
	api.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.unknown = append(i.unknown, r.Method+" "+r.URL.Path)
		i.mu.Unlock()
		w.WriteHeader(http.StatusNotFound)
		answer(w, map[string]string{"error": "Record not found"})
	})
	mux := http.NewServeMux()
	mux.Handle("/", i.outage(api))
	mux.HandleFunc("POST /bench/reset", func(http.ResponseWriter, *http.Request) { i.reset() })
	mux.HandleFunc("POST /bench/mode/{mode}", func(_ http.ResponseWriter, r *http.Request) { i.mode.Store(mode(r.PathValue("mode"))) })
	mux.HandleFunc("GET /bench/state", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.state()) })
	mux.HandleFunc("GET /bench/wait/{posts}", i.wait)
	mux.HandleFunc("GET /bench/posts/{first}", func(w http.ResponseWriter, r *http.Request) {
		first, _ := strconv.Atoi(r.PathValue("first"))
		i.mu.Lock()
		defer i.mu.Unlock()
		answer(w, i.posts[min(first, len(i.posts)):])
	})
	return mux
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

// account is the name of the account that a request is for.
func account(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// outage answers in the fake's mode.
func (i *instance) outage(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts := r.Method == http.MethodPost
		if posts {
			i.requests.Add(1)
		}
		switch m := i.mode.Load().(mode); {
		case m == mode500:
			w.WriteHeader(http.StatusInternalServerError)
			answer(w, map[string]string{"error": "Something went wrong"})
		case m == mode429:
			w.WriteHeader(http.StatusTooManyRequests)
			answer(w, map[string]string{"error": "Too many requests"})
		case m == modeClosing:
			panic(http.ErrAbortHandler)
		case m == modeHanging && posts:
			select {
			case <-r.Context().Done():
			case <-i.ended:
			}
		default:
			api.ServeHTTP(w, r)
		}
	})
}

// stream sends only heartbeats, as often as Mastodon does.
func (i *instance) stream(w http.ResponseWriter, r *http.Request) {
	i.streams.Add(1)
	defer i.streams.Add(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	for text := ":)\n"; ; text = ":thump\n" {
		io.WriteString(w, text)
		w.(http.Flusher).Flush()
		select {
		case <-beat.C:
		case <-r.Context().Done():
			return
		case <-i.ended:
			return
		}
	}
}

func (i *instance) postStatus(w http.ResponseWriter, r *http.Request) {
	made := post{account(r), "", time.Now()}
	made.Text = r.PostFormValue("status")
	key := r.Header.Get("Idempotency-Key")
	i.mu.Lock()
	number, again := i.byKey[made.Account+" "+key]
	switch {
	case again && key != "":
		i.repeated++
	default:
		number = len(i.posts)
		i.posts = append(i.posts, made)
		i.byKey[made.Account+" "+key] = number
		close(i.changed)
		i.changed = make(chan struct{})
	}
	i.mu.Unlock()
	id := strconv.Itoa(1000 + number)
	answer(w, map[string]any{"id": id, "url": "https://fake.example/@" + made.Account + "/" + id})
}

func (i *instance) state() fakeState {
	i.mu.Lock()
	defer i.mu.Unlock()
	return fakeState{int(i.streams.Load()), int(i.requests.Load()), len(i.posts), i.repeated, i.unknown}
}

// wait answers when there are as many posts.
func (i *instance) wait(w http.ResponseWriter, r *http.Request) {
	wanted, _ := strconv.Atoi(r.PathValue("posts"))
	for {
		i.mu.Lock()
		have, changed := len(i.posts), i.changed
		i.mu.Unlock()
		if have >= wanted {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
