package mastodon

import (
	"context"
	"net/http"
	"time"

	masto "github.com/mattn/go-mastodon"
)

// streamEvents are the events of an account's stream. The channels are nil if the server has no stream.
type streamEvents struct {
	mention <-chan struct{} // there may be a new mention
	deleted <-chan masto.ID // a status may be gone
	stop    func()
}

// maxQueuedDeletions is how many deletions are queued; checkMentions finds the others.
const maxQueuedDeletions = 100

// subscribe follows the account's stream, if the server has one, until stop is called.
func (b *bot) subscribe(ctx context.Context, c *client, d serverProfile) streamEvents {
	if !d.hasStream() {
		return streamEvents{stop: func() {}}
	}
	news, deleted := make(chan struct{}, 1), make(chan masto.ID, maxQueuedDeletions)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.stream(ctx, c, eventHandler{
			mention: func() {
				select {
				case news <- struct{}{}:
				default: // one is queued
				}
			},
			deleted: func(id masto.ID) {
				select {
				case deleted <- id:
				default:
				}
			},
		})
	}()
	return streamEvents{news, deleted, func() { cancel(); <-ended }}
}

// eventHandler is called for a stream's events. Its functions return at once.
type eventHandler struct {
	mention func()
	deleted func(masto.ID)
}

// stream follows the account's stream until ctx ends and calls l for its events. It opens a broken stream again after a pause, which
// grows until a stream lasts longer than it. Errors are not reported: polling continues and reports them.
func (b *bot) stream(ctx context.Context, c *client, l eventHandler) {
	pause := b.timing.pauseMin
	for {
		began := time.Now()
		b.listen(ctx, c, l)
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
	ctx, cancel := context.WithCancel(withStream(ctx, l.mention))
	events, err := c.StreamingUser(ctx)
	if err != nil {
		cancel()
		return
	}
	defer func() {
		cancel() // until its context ends, go-mastodon reopens the stream ...
		for range events {
		} // ... and sends events
	}()
	for event := range events {
		switch e := event.(type) {
		case *masto.ErrorEvent:
			if code := status(e.Err); code == http.StatusUnauthorized || code == http.StatusForbidden {
				l.mention() // reading reports the error, before the next poll
			}
			return
		case *masto.NotificationEvent:
			if e.Notification.Type == "mention" || e.Notification.Type == "update" {
				l.mention()
			}
		case *masto.DeleteEvent:
			l.deleted(e.ID)
		}
	}
}
