package mastodon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	masto "github.com/mattn/go-mastodon"

	"linienfunk/bots"
)

// directPause is the pause after a message that was not sent, times the tries.
const directPause = 15 * time.Second

// sendDirects sends the direct messages that wait, in order. It returns an error only if the account is revoked or ctx has ended: reading goes on while sending fails.
func (r *reader) sendDirects(ctx context.Context) error {
	for {
		d, found, err := r.bot.store.nextDirect(ctx, r.account.City)
		if r.outbox.left = found && d.NotBefore.After(r.bot.store.utc()); err != nil || !found || r.outbox.left {
			return err
		}
		var c directContent
		plain, err := r.bot.Core.Box.Open(directCell(d), d.Content)
		if err == nil {
			err = json.Unmarshal(plain, &c)
		}
		if err != nil || r.bot.store.utc().Sub(d.CreatedAt) > directTime {
			r.bot.Core.Log.Warn("a direct message is given up", "city", d.City, "err", err)
			if err := r.bot.store.endDirect(ctx, d, ""); err != nil {
				return err
			}
			continue
		}
		id, err := r.sendDirect(ctx, d, c)
		again := bots.AsError(err)
		switch {
		case err == nil:
			err = r.bot.store.endDirect(ctx, d, id)
		case ctx.Err() != nil:
			return ctx.Err()
		case again.Kind == bots.KindRevoked:
			return err
		case again.Kind == bots.KindPermanent:
			r.bot.Core.Log.Info("a direct message is refused", "city", d.City, "err", err)
			err = r.bot.store.endDirect(ctx, d, "")
		default:
			r.bot.Core.Log.Info("a direct message is not sent; will retry", "city", d.City, "err", err)
			r.outbox.left = true
			pause := max(again.After, min(time.Duration(d.Tries+1)*directPause, 10*time.Minute))
			return r.bot.store.postponeDirect(ctx, d, r.bot.store.utc().Add(pause))
		}
		if err != nil {
			return err
		}
	}
}

// sendDirect posts a message that mentions its reader alone.
func (r *reader) sendDirect(ctx context.Context, d Direct, c directContent) (id string, err error) {
	if !r.server.acceptsText() {
		return "", bots.Permanent("error-needs-image", errNoText)
	}
	city, _, err := r.bot.Core.Cities.City(ctx, d.City)
	if err != nil {
		return "", err
	}
	limits := r.server.limits
	prefix := "@" + c.Person + " "
	limits.Characters -= len(prefix)
	form := url.Values{
		"status": {prefix + truncate(defuseMentions(c.Text), limits)}, "visibility": {masto.VisibilityDirectMessage},
	}
	if lang := languageCode(city.Lang); lang != "" {
		form.Set("language", lang)
	}
	if r.server.parsesMarkup() {
		form.Set("content_type", "text/plain")
	}
	if c.ReplyTo != "" {
		form.Set("in_reply_to_id", c.ReplyTo)
	}
	made, err := r.client.post(withIdempotencyKey(ctx, d.Key), form)
	if code := status(err); c.ReplyTo != "" && (code == http.StatusNotFound || code == http.StatusUnprocessableEntity) {
		form.Del("in_reply_to_id") // the post that it answers was deleted
		made, err = r.client.post(withIdempotencyKey(ctx, d.Key+"-alone"), form)
	}
	if err != nil {
		return "", r.client.explain(ctx, "send direct message", err)
	}
	return string(made.ID), nil
}

// outbox has a reader send what is queued for the city, on whichever node it runs. Only those listen in whose city somebody runs it from here: there are many others.
type outbox struct {
	wake chan struct{}
	stop func() // nil while nothing is listened to
	left bool   // a message waits for its next try
}

// listen begins to listen; it may be called again.
func (r *reader) listen() error {
	if r.outbox.stop != nil {
		return nil
	}
	wake := r.outbox.wake
	stop, err := r.bot.Core.Events.Subscribe(r.account.City, func([]byte) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return errors.Join(errors.New("subscribe to new messages"), err)
	}
	r.outbox.stop = stop
	return nil
}

func (r *reader) stopListening() {
	if r.outbox.stop != nil {
		r.outbox.stop()
	}
}

// runs remembers for a moment which cities are run from here: many accounts start at a time.
type runs struct {
	mu     sync.Mutex
	cities map[string]bool
	at     time.Time
}

const runsTime = 10 * time.Second

// runsFrom reports whether somebody runs a city from here.
func (b *bot) runsFrom(ctx context.Context, city string) (bool, error) {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	if now := b.Core.Now(); b.runs.cities == nil || now.Sub(b.runs.at).Abs() > runsTime {
		cities, err := b.commands.Cities(ctx)
		if err != nil {
			return false, err
		}
		b.runs.cities, b.runs.at = cities, now
		if cities == nil {
			b.runs.cities = map[string]bool{}
		}
	}
	return b.runs.cities[city], nil
}

// forgetRuns is called after a command of somebody who runs a city: they may have just been linked.
func (b *bot) forgetRuns() {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	b.runs.cities = nil
}

// startSending sends what waits, and listens if there will be more: at the start, and at each poll in case an event was lost. An account from which nobody runs a city costs no
// query.
func (r *reader) startSending(ctx context.Context) error {
	runs, err := r.bot.runsFrom(ctx, r.account.City)
	if err != nil || !runs && !r.outbox.left {
		return err
	}
	if runs {
		if err := r.listen(); err != nil {
			return err
		}
	}
	return r.sendDirects(ctx)
}
