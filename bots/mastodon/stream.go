package mastodon

import (
	"context"
	"net/http"
	"time"

	masto "github.com/mattn/go-mastodon"
)

// signs are what an account's stream tells. Without a stream they are nil, and nothing ever comes.
type signs struct {
	news <-chan struct{} // there may be something to read
	stop func()
}

// follow listens to the account's stream, where there is one, until stop is called.
func (b *bot) follow(ctx context.Context, c *client, d dialect) signs {
	if !d.streams() {
		return signs{stop: func() {}}
	}
	news := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.stream(ctx, c, func() {
			select {
			case news <- struct{}{}:
			default: // a look is due already
			}
		})
	}()
	return signs{news, func() { cancel(); <-ended }}
}

// stream listens to the account's events until ctx ends, and calls look when there may be something to read. A stream
// that breaks is opened again after a pause, which grows as long as none outlasts it. Errors are not reported:
// reading goes on by polling, and meets the same trouble where it matters.
func (b *bot) stream(ctx context.Context, c *client, look func()) {
	pause := b.pace.pauseMin
	for {
		began := time.Now()
		b.listen(ctx, c, look)
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
func (b *bot) listen(ctx context.Context, c *client, look func()) {
	ctx, cancel := context.WithCancel(withStream(ctx, look))
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
				look() // the reading path will know what to make of it, sooner than by the next poll
			}
			return
		case *masto.NotificationEvent:
			if e.Notification.Type == "mention" {
				look()
			}
		}
	}
}
