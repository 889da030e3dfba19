package frontendtest

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync/atomic"
	"time"

	"linienfunk/bots"
	"linienfunk/templates"
)

//go:embed bot
var botFiles embed.FS

// Bot is a fake network. Its behaviour depends on the path.
type Bot struct {
	pages     bots.Pages
	FileNames []string
	Panics    bool          // its section panics
	Stop      chan struct{} // ends the stream

	Called atomic.Int32 // number of calls of the callback

	// OnPublic, if set, is called with each request for the public section or the feed, before the answer.
	OnPublic func(r *http.Request)
	// FeedHeader is set on the feed.
	FeedHeader map[string]string
}

// Mount mounts a Bot, wrapped by wrap: AdminsOnly, Public or a type of the test.
func (s *World) Mount(name string, b *Bot, wrap func(*Bot) bots.Bot) {
	files, err := fs.Sub(botFiles, "bot")
	Check(s.T, err)
	set, err := templates.New(files)
	Check(s.T, err)
	b.pages = s.Bots.Pages(name, set)
	s.Bots.Mount(name, wrap(b), set, b.FileNames...)
}

func (b *Bot) Accounts(context.Context) ([]bots.Account, error) { return nil, nil }

func (b *Bot) WebUI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if b.Panics {
			panic("boom")
		}
		b.pages.Section(w, r, "settings.html", bots.MountOf(r))
	})
	mux.HandleFunc("POST /connect", func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("host") {
		case "", "refused.example":
			b.pages.Failed(w, r, "no-host")
		case "mistake":
			b.pages.Section(w, r, "settings.html", bots.MountOf(r))
		default:
			b.pages.Done(w, r, "connected")
		}
	})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	return mux
}

// publicBot is a Bot with public pages and files.
type publicBot struct{ *Bot }

func (b publicBot) Public() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if b.Panics {
			panic("boom")
		}
		b.observe(r)
		b.pages.Section(w, r, "public.html", bots.MountOf(r))
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) { b.pages.Done(w, r, "thanks") })
	mux.HandleFunc("GET /callback", func(http.ResponseWriter, *http.Request) { b.Called.Add(1) })
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		b.pages.Page(w, r, http.StatusOK, "A page", "public.html", bots.MountOf(r))
	})
	mux.HandleFunc("GET /feed.atom", func(w http.ResponseWriter, r *http.Request) {
		b.observe(r)
		for name, value := range b.FeedHeader {
			w.Header().Set(name, value)
		}
		fmt.Fprintf(w, "feed of %s at %s", bots.MountOf(r).City.Name, bots.MountOf(r).Path)
	})
	mux.HandleFunc("GET /stream", b.stream)
	return mux
}

func (b publicBot) observe(r *http.Request) {
	if b.OnPublic != nil {
		b.OnPublic(r)
	}
}

// write sets a new deadline, as streams must: that of a page would have passed.
func (b publicBot) write(w http.ResponseWriter, text string) {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		panic(err)
	}
	fmt.Fprint(w, text)
}

func (b publicBot) stream(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "cannot stream", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	b.write(w, "data: one\n\n")
	flusher.Flush()
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(errors.Join(errors.New("controller cannot flush"), err))
	}
	<-b.Stop
	b.write(w, "data: two\n\n")
}

// TwoBots mounts alpha, for admins only, and feeds, with public pages and a feed.
func TwoBots(s *World) {
	s.Mount("alpha", &Bot{}, AdminsOnly)
	s.Mount("feeds", &Bot{FileNames: []string{"feed.atom"}, Stop: make(chan struct{})},
		Public)
}

// AdminsOnly is a bot without public pages.
func AdminsOnly(b *Bot) bots.Bot { return b }

// Public is a bot with public pages and files.
func Public(b *Bot) bots.Bot { return publicBot{b} }
