package bottest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"gorm.io/gorm"

	"linienfunk/bots"
	"linienfunk/mail"
)

// life is one instance of the bot, as from a start of the program to its end. At one of its steps something may go wrong: a
// step is everything that leaves a trace outside of the bot's memory, such as a query, a request, a mail, a report that is handed in; and
// for some of them once more before their answer is known.
type life struct {
	mu    sync.Mutex
	left  int   // steps until it goes wrong
	fault Fault // what goes wrong then; empty for nothing
	met   chan struct{}
}

// death is the fault of being killed. From then on nothing works any more for this life, neither the database nor the network, whatever
// it is still doing. The next instance, which Restart makes, finds what this one has left.
const death Fault = "death"

var (
	errDead  = errors.New("the program is dead")
	errFault = errors.New("this failed once")
)

func newLife() *life { return &life{met: make(chan struct{})} }

// failAt lets some more steps go well. The one after them meets the fault.
func (l *life) failAt(steps int, f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.fault = steps, f
}

// step counts one.
func (l *life) step() error {
	switch l.meet() {
	case "":
		return nil
	case death:
		return errDead
	}
	return errFault
}

// meet counts a step and returns what goes wrong with it.
func (l *life) meet() Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.hasMet() && l.fault == death:
		return death
	case l.fault == "" || l.hasMet():
		return ""
	case l.left > 0:
		l.left--
		return ""
	}
	close(l.met)
	return l.fault
}

// hasMet says whether the fault has happened.
func (l *life) hasMet() bool {
	select {
	case <-l.met:
		return true
	default:
		return false
	}
}

// over says whether this life has ended.
func (l *life) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault == death && l.hasMet()
}

// core is c as this life sees it.
func (l *life) core(c bots.Core, handle *gorm.DB) bots.Core {
	c.DB = l.database(handle)
	client := *c.HTTP
	client.Transport = transport{l, client.Transport}
	c.HTTP = &client
	return c
}

// mail is s as this life sees it.
func (l *life) mail(s mail.Service) mail.Service {
	dial, listen := s.Dial, s.Listen
	s.Queue = queue{l, s.Queue}
	s.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := l.step(); err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: raw, life: l}, nil
	}
	s.Listen = func() (net.Listener, error) {
		raw, err := listen()
		return listener{raw, l}, err
	}
	return s
}

// database makes each query a step.
func (l *life) database(handle *gorm.DB) *gorm.DB {
	step := func(tx *gorm.DB) { tx.AddError(l.step()) }
	all := handle.Callback()
	for _, err := range []error{
		all.Create().Before("*").Register("bottest:step", step), all.Query().Before("*").Register("bottest:step", step),
		all.Update().Before("*").Register("bottest:step", step), all.Delete().Before("*").Register("bottest:step", step),
		all.Row().Before("*").Register("bottest:step", step), all.Raw().Before("*").Register("bottest:step", step),
	} {
		if err != nil {
			panic(err)
		}
	}
	return handle
}

type transport struct {
	life *life
	base http.RoundTripper
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch f := t.life.meet(); f {
	case "":
	case TooMany, Internal, HTML, Truncate:
		return f.answer(r), nil
	case death:
		return nil, errDead
	default:
		return nil, errFault
	}
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	answer, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := t.life.step(); err != nil { // it was carried out, and nobody knows
		answer.Body.Close()
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols { // its body is a connection
		answer.Body = body{answer.Body, t.life}
	}
	return answer, nil
}

// answer is what a proxy in front of the network answers in its place.
func (f Fault) answer(r *http.Request) *http.Response {
	status, kind, text := http.StatusOK, "text/html", "<!DOCTYPE html><title>Welcome</title>"
	var end error = io.EOF
	switch f {
	case TooMany:
		status, kind, text = http.StatusTooManyRequests, "text/plain", "too many requests"
	case Internal:
		status, kind, text = http.StatusInternalServerError, "text/plain", "internal server error"
	case Truncate:
		kind, text, end = "application/json", `{"`, io.ErrUnexpectedEOF
	}
	header := http.Header{"Content-Type": {kind}}
	if f == TooMany {
		header.Set("Retry-After", "1")
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: header,
		ContentLength: -1, Body: io.NopCloser(io.MultiReader(strings.NewReader(text), failing{end})),
	}
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type body struct {
	io.ReadCloser
	life *life
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.life.over() {
		return 0, errDead
	}
	return n, err
}

type listener struct {
	net.Listener
	life *life
}

func (l listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, life: l.life}, nil
}

// conn is a connection on which each write is a step.
type conn struct {
	net.Conn
	life *life
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.life.step(); err != nil {
		c.Close()
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.life.over() {
		c.Close()
		return 0, errDead
	}
	return n, err
}

// queue makes each call a step.
type queue struct {
	life *life
	mail.Queue
}

func (q queue) Enqueue(ctx context.Context, messages ...mail.Message) error {
	if err := q.life.step(); err != nil {
		return err
	}
	if err := q.Queue.Enqueue(ctx, messages...); err != nil {
		return err
	}
	return q.life.step()
}

func (q queue) Cancel(ctx context.Context, keys ...string) (int, error) {
	if err := q.life.step(); err != nil {
		return 0, err
	}
	return q.Queue.Cancel(ctx, keys...)
}

func (q queue) Forget(ctx context.Context, bounceID string) error {
	if err := q.life.step(); err != nil {
		return err
	}
	return q.Queue.Forget(ctx, bounceID)
}
