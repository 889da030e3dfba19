package mastodon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	masto "github.com/mattn/go-mastodon"
)

// streamEvents are the events of an account's stream. The channels are nil if the server has no stream.
type streamEvents struct {
	mention <-chan struct{} // there may be a new mention
	deleted <-chan masto.ID // a status may be gone
	closed  <-chan struct{} // the stream has ended, or cannot be opened
	open    *atomic.Bool    // the stream is open
	stop    func()
}

// maxQueuedDeletions is how many deletions are queued; checkMentions finds the others.
const maxQueuedDeletions = 10

// subscribe follows the account's stream, if the server has one, until stop is called.
func (b *bot) subscribe(ctx context.Context, c *client, d serverProfile) streamEvents {
	open := new(atomic.Bool)
	if !d.hasStream() {
		return streamEvents{open: open, stop: func() {}}
	}
	news, deleted, closed := make(chan struct{}, 1), make(chan masto.ID, maxQueuedDeletions), make(chan struct{}, 1)
	signal := func(to chan struct{}) {
		select {
		case to <- struct{}{}:
		default: // one is queued
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.stream(ctx, c, eventHandler{
			opened:  func() { open.Store(true); signal(news) },
			closed:  func() { open.Store(false); signal(closed) },
			mention: func() { signal(news) },
			deleted: func(id masto.ID) {
				select {
				case deleted <- id:
				default:
				}
			},
		})
	}()
	return streamEvents{news, deleted, closed, open, func() { cancel(); <-ended }}
}

// eventHandler is called for a stream's events. Its functions return at once.
type eventHandler struct {
	opened, closed, mention func()
	deleted                 func(masto.ID)
}

// stream follows the account's stream until ctx ends and calls l for its events. It opens a broken stream again after a pause, which
// grows until a stream lasts longer than it. Errors are not reported: polling continues and reports them.
func (b *bot) stream(ctx context.Context, c *client, l eventHandler) {
	pause := b.timing.pauseMin
	for {
		began := time.Now()
		b.listen(ctx, c, l)
		l.closed()
		if time.Since(began) > 2*pause {
			pause = b.timing.pauseMin
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(pause)):
		}
		pause = min(2*pause, b.timing.pauseMax)
	}
}

// listen follows one connection of the stream (https://docs.joinmastodon.org/methods/streaming/#user) to its end.
func (b *bot) listen(ctx context.Context, c *client, l eventHandler) {
	var body io.ReadCloser
	err := b.stacks.run(func() (err error) {
		body, err = b.openStream(ctx, c, l)
		return err
	})
	if code := status(err); code == http.StatusUnauthorized || code == http.StatusForbidden {
		l.mention() // reading reports the error, before the next poll
	}
	if err != nil {
		return
	}
	defer body.Close()
	readEvents(body, l)
}

// openStream opens the account's stream when there is a place at the gate. Streams may be served by another machine that hangs, so they have a
// gate of their own.
func (b *bot) openStream(ctx context.Context, c *client, l eventHandler) (io.ReadCloser, error) {
	leave, err := b.gates.enter(ctx, c.instance+" streams")
	if err != nil {
		return nil, err
	}
	defer leave()
	d, err := b.profileOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return c.openStream(withStream(ctx, l.opened), d.streamingHost)
}

// openStream opens the account's stream. host is where the instance has it, empty if on its own.
func (c *client) openStream(ctx context.Context, host string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.instance+"/api/v1/streaming/user", nil)
	if err != nil {
		return nil, err
	}
	if host != "" {
		req.URL.Host, req.Host = host, host
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &apiError{status: resp.StatusCode}
	}
	return resp.Body, nil
}

// The memory that a quiet stream keeps: there are as many as accounts.
const (
	streamBuffer = 512     // bytes that are read at once
	keptLine     = 4 << 10 // the longest line whose memory is used again
)

// readEvents reads server-sent events until an error. Instances send each event's data in one line, whose length streamBody limits. go-mastodon
// takes a goroutine more for each stream, decodes all events, and describes the instance before it opens one.
func readEvents(stream io.Reader, l eventHandler) {
	in := bufio.NewReaderSize(stream, streamBuffer)
	var name string
	var line []byte
	for {
		part, more, err := in.ReadLine()
		if err != nil {
			return
		}
		if line = append(line, part...); more {
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			handleEvent(name, value, l)
		}
		if line = line[:0]; cap(line) > keptLine {
			line = nil
		}
	}
}

func handleEvent(name string, data []byte, l eventHandler) {
	switch name {
	case "notification":
		var n struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(data, &n); err != nil || n.Type == "mention" || n.Type == "update" {
			l.mention()
		}
	case "delete":
		l.deleted(masto.ID(data))
	}
}
