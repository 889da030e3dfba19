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

// instance is one run of the bot, from the start of the program to its end. It counts steps and fails at one of them. A step is
// everything that has an effect outside of the bot's memory: a query, a request, a mail, a report that is handed in. Some have a
// second step between the effect and its answer.
type instance struct {
	mu        sync.Mutex
	stepsLeft int           // before the fault
	fault     Fault         // empty for none
	failed    chan struct{} // closed once the fault has happened
}

// killed is the fault of a program that is killed. Neither the database nor the network works for this instance from then on.
// World.Restart makes the next instance, which finds what this one has stored.
const killed Fault = "kill"

var (
	errKilled = errors.New("the program was killed")
	errFault  = errors.New("injected fault")
)

func newInstance() *instance { return &instance{failed: make(chan struct{})} }

// failAfter lets steps succeed. The step after them fails.
func (i *instance) failAfter(steps int, f Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.stepsLeft, i.fault = steps, f
}

// step counts a step and returns its error.
func (i *instance) step() error {
	switch i.nextFault() {
	case "":
		return nil
	case killed:
		return errKilled
	}
	return errFault
}

// nextFault counts a step and returns its fault, or "".
func (i *instance) nextFault() Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.hasFailed() && i.fault == killed:
		return killed
	case i.fault == "" || i.hasFailed():
		return ""
	case i.stepsLeft > 0:
		i.stepsLeft--
		return ""
	}
	close(i.failed)
	return i.fault
}

// hasFailed reports whether the fault has happened.
func (i *instance) hasFailed() bool {
	select {
	case <-i.failed:
		return true
	default:
		return false
	}
}

// wasKilled reports whether the instance has been killed.
func (i *instance) wasKilled() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fault == killed && i.hasFailed()
}

// core returns c, with a step for each call that has an effect.
func (i *instance) core(c bots.Core, handle *gorm.DB) bots.Core {
	c.DB = i.database(handle)
	client := *c.HTTP
	client.Transport = transport{i, client.Transport}
	c.HTTP = &client
	return c
}

// mail returns s, with a step for each call that has an effect.
func (i *instance) mail(s mail.Service) mail.Service {
	dial, listen := s.Dial, s.Listen
	s.Queue = queue{i, s.Queue}
	s.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := i.step(); err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: raw, instance: i}, nil
	}
	s.Listen = func() (net.Listener, error) {
		raw, err := listen()
		return listener{raw, i}, err
	}
	return s
}

// database makes each query a step.
func (i *instance) database(handle *gorm.DB) *gorm.DB {
	step := func(tx *gorm.DB) { tx.AddError(i.step()) }
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
	instance *instance
	base     http.RoundTripper
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	switch f := t.instance.nextFault(); f {
	case "":
	case TooMany, Internal, HTML, Truncate:
		return f.answer(r), nil
	case killed:
		return nil, errKilled
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
	if err := t.instance.step(); err != nil { // after the request was carried out
		answer.Body.Close()
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols { // with 101, the body is a connection
		answer.Body = body{answer.Body, t.instance}
	}
	return answer, nil
}

// answer is what a proxy in front of the network would answer.
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

// failing is a reader that returns only an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type body struct {
	io.ReadCloser
	instance *instance
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.instance.wasKilled() {
		return 0, errKilled
	}
	return n, err
}

type listener struct {
	net.Listener
	instance *instance
}

func (l listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, instance: l.instance}, nil
}

// conn is a connection on which each write is a step.
type conn struct {
	net.Conn
	instance *instance
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.instance.step(); err != nil {
		c.Close()
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.instance.wasKilled() {
		c.Close()
		return 0, errKilled
	}
	return n, err
}

// queue makes each call a step.
type queue struct {
	instance *instance
	mail.Queue
}

func (q queue) Enqueue(ctx context.Context, messages ...mail.Message) error {
	if err := q.instance.step(); err != nil {
		return err
	}
	if err := q.Queue.Enqueue(ctx, messages...); err != nil {
		return err
	}
	return q.instance.step()
}

func (q queue) Cancel(ctx context.Context, keys ...string) (int, error) {
	if err := q.instance.step(); err != nil {
		return 0, err
	}
	return q.Queue.Cancel(ctx, keys...)
}

func (q queue) Forget(ctx context.Context, bounceID string) error {
	if err := q.instance.step(); err != nil {
		return err
	}
	return q.Queue.Forget(ctx, bounceID)
}
