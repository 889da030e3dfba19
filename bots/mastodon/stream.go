package mastodon

import (
	"context"
	"net/http"
	"time"

	masto "github.com/mattn/go-mastodon"
)

// signs are what an account's stream tells. Without a stream they are nil, and nothing ever comes.
type signs struct {
	news    <-chan struct{} // there may be something to read
	deleted <-chan masto.ID // a status may be gone
	stop    func()
}

// maxDeleted is how many deletions wait to be looked at; the others are found by watch.
const maxDeleted = 100

// follow listens to the account's stream, where there is one, until stop is called.
func (b *bot) follow(ctx context.Context, c *client, d dialect) signs {
	if !d.streams() {
		return signs{stop: func() {}}
	}
	news, deleted := make(chan struct{}, 1), make(chan masto.ID, maxDeleted)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.stream(ctx, c, listener{
			look: func() {
				select {
				case news <- struct{}{}:
				default: // a look is due already
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
	return signs{news, deleted, func() { cancel(); <-ended }}
}

// listener is called for what a stream tells; its functions return at once.
type listener struct {
	look    func()
	deleted func(masto.ID)
}

// stream listens to the account's events until ctx ends, and tells l. A stream
// that breaks is opened again after a pause, which grows as long as none outlasts it. Errors are not reported:
// reading goes on by polling, and meets the same trouble where it matters.
func (b *bot) stream(ctx context.Context, c *client, l listener) {
	pause := b.pace.pauseMin
	for {
		began := time.Now()
		b.listen(ctx, c, l)
		if time.Since(began) > 2*pause {
			pause = b.pace.pauseMin
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(pause)):
		}
		pause = min(2*pause, b.pace.pauseMax)
	}
}

// listen follows one stream (https://docs.joinmastodon.org/methods/streaming/#user) to its end.
func (b *bot) listen(ctx context.Context, c *client, l listener) {
	ctx, cancel := context.WithCancel(withStream(ctx, l.look))
	events, err := c.StreamingUser(ctx)
	if err != nil {
		cancel()
		return
	}
	defer func() {
		cancel() // go-mastodon opens the stream again and again until its context ends ...
		for range events {
		} // ... and hands over what it has until then
	}()
	for event := range events {
		switch e := event.(type) {
		case *masto.ErrorEvent:
			if code := status(e.Err); code == http.StatusUnauthorized || code == http.StatusForbidden {
				l.look() // the reading path will know what to make of it, sooner than by the next poll
			}
			return
		case *masto.NotificationEvent:
			if e.Notification.Type == "mention" || e.Notification.Type == "update" {
				l.look()
			}
		case *masto.DeleteEvent:
			l.deleted(e.ID)
		}
	}
}
