package mail

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"gorm.io/gorm"

	"linienfunk/db"
	"linienfunk/internal/secret"
	"linienfunk/internal/testkit"
)

// world is a Mailer on a real database, with a clock that the test can set.
type world struct {
	*Mailer
	testkit.Clock
	t       testing.TB
	handle  *gorm.DB
	box     *secret.Box
	config  Config
	retried chan int      // attempts, each time a message is requeued
	changed chan struct{} // holds a token after each update of the database
}

func newWorld(t testing.TB, config Config) *world {
	t.Helper()
	return newWorldAt(t, testkit.DatabaseURL(t, t.TempDir()), config)
}

// newSinkAndWorld returns a mail server, and a Mailer with that server as smarthost.
func newSinkAndWorld(t testing.TB) (*sink, *world) {
	t.Helper()
	s := newSink(t)
	return s, newWorld(t, Config{Smarthost: s.address})
}

// outcome waits until the only message is delivered, and returns it; or, if delivered is false, until it is requeued.
func (w *world) outcome(s *sink, delivered bool) (received, bool) {
	w.t.Helper()
	if delivered {
		return s.next(), true
	}
	<-w.retried
	s.none()
	return received{}, false
}

// newWorldAt is newWorld on a given database.
func newWorldAt(t testing.TB, address string, config Config) *world {
	t.Helper()
	w := &world{t: t, retried: make(chan int, 100), changed: make(chan struct{}, 1)}
	database, err := db.Open(t.Context(), address, w.Now)
	must(t, err)
	t.Cleanup(func() { database.Close() })
	must(t, database.MigratePrefixed(t.Context(), "mail_", Migrations()))
	w.handle, err = database.Prefixed("mail_")
	must(t, err)
	must(t, w.handle.Callback().Update().After("gorm:commit_or_rollback_transaction").Register("changed", func(*gorm.DB) {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}))
	w.box, err = secret.NewBox(make([]byte, secret.KeySize))
	must(t, err)
	config.Domain = "linienfunk.example"
	w.config = config
	w.Mailer = w.mailer()
	return w
}

// mailer returns another node on the same database.
func (w *world) mailer() *Mailer {
	w.t.Helper()
	m, err := New(w.handle, w.box, w.config, slog.New(slog.NewTextHandler(w.t.Output(), nil)), w.Now)
	must(w.t, err)
	m.destinationBackoff = func(int) time.Duration { return time.Millisecond }
	m.retryBackoff = func(attempts int) time.Duration {
		w.retried <- attempts
		return time.Millisecond
	}
	return m
}

// run starts delivery. stop ends it and waits; so does the end of the test.
func (w *world) run(m *Mailer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	// As in Run, but before a second node starts, whose leases it would end.
	must(w.t, m.store.releaseAll(ctx))
	go func() { done <- m.run(ctx) }()
	stop = func() {
		cancel()
		if err, ok := <-done; ok {
			close(done)
			if err != nil {
				w.t.Errorf("Run: %v", err)
			}
		}
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) enqueue(messages ...Message) {
	w.t.Helper()
	must(w.t, w.Enqueue(w.t.Context(), messages...))
}

// fakeNetwork is a Network. It has routes only if it has a provider.
type fakeNetwork struct {
	*provider
	bounced func(id string, b Bounce) error
}

func (fakeNetwork) UseMail(Service) error { return nil }

func (n fakeNetwork) Bounced(_ context.Context, id string, b Bounce) error { return n.bounced(id, b) }

// register registers a network under the name "post".
func (w *world) register(bounced func(id string, b Bounce) error) {
	w.Register("post", &fakeNetwork{bounced: bounced})
}

// as returns the queue of the network of that name.
func (w *world) as(name string) owned { return owned{w.Mailer, name} }

// deliver runs the mailer until the server has a message, which it returns.
func (w *world) deliver(s *sink, m Message) received {
	w.t.Helper()
	stop := w.run(w.Mailer)
	defer stop()
	w.enqueue(m)
	return s.next()
}

// deliversOnly enqueues a message and expects that it is the only one that arrives, and that none waits in the end.
func (w *world) deliversOnly(s *sink, m Message, stop func()) {
	w.t.Helper()
	w.enqueue(m)
	s.next()
	stop()
	s.none()
	w.wantFinished(w.items())
}

// wantFinished fails if one of the items is still queued, or has content.
func (w *world) wantFinished(items []item) {
	w.t.Helper()
	for _, it := range items {
		if it.Open || it.Sealed != nil {
			w.t.Fatalf("item %+v", it)
		}
	}
}

func (w *world) items() []item {
	w.t.Helper()
	var rows []item
	must(w.t, w.handle.Order("id").Find(&rows).Error)
	return rows
}

func newMessage(key string) Message {
	return Message{
		Key: key, From: "zuerich", FromName: "Zürich", To: "rider@example.org", Subject: "[Zürich] kontrolle u8 größer",
		Text: "kontrolle u8 hermannplatz\nzwei in Zivil, Richtung Süden\n",
		Header: map[string]string{
			"List-Unsubscribe": "<https://linienfunk.example/c/zuerich/email/unsubscribe?t=x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		},
	}
}

func id(t testing.TB, mail received) string {
	t.Helper()
	e, err := message.Read(bytes.NewReader(mail.Message))
	must(t, err)
	return e.Header.Get("Message-Id")
}
