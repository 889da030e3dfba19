package telegram

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"time"

	"linienfunk/bots"
	"linienfunk/bots/kit"
	"linienfunk/report"
)

// maxUpdate is the maximum size of an update in bytes. A message has up to 4,096 characters, perhaps with another one that it
// replies to.
const maxUpdate = 512 << 10

// webhookTimeout limits the handling of an update. Listen has to end within 5 seconds.
const webhookTimeout = 4 * time.Second

// Listen lets webhooks hand in reports until ctx ends. It returns when the last of them is done.
func (b *Bot) Listen(ctx context.Context, out bots.CityOut) error { return b.intake.Serve(ctx, out) }

// serveWebhook receives an update. Telegram repeats a call whose response is not 2xx, for up to a day, and holds back later updates
// until then.
func (b *Bot) serveWebhook(w http.ResponseWriter, r *http.Request) {
	row, _, err := b.accounts.Find(r.Context(), "hook", r.PathValue("hook"))
	if errors.Is(err, kit.ErrNoAccount) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		b.retryLater(w, "", err)
		return
	}
	got, want := r.Header.Get("X-Telegram-Bot-Api-Secret-Token"), b.webhookSecret(row)
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		b.core.Log.Warn("update dropped: too large", "city", row.City)
		return // 200, so that Telegram does not repeat it
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.handlePushed(w, r, row, body)
}

// handlePushed handles the body of a call.
func (b *Bot) handlePushed(w http.ResponseWriter, r *http.Request, row Account, body []byte) {
	_, enabled, err := b.city(r.Context(), row.City)
	lease := b.intake.Acquire()
	if lease != nil {
		defer lease.Release()
	}
	if err != nil || !enabled || lease == nil {
		b.retryLater(w, row.City, err)
		return
	}
	u, err := parseUpdate(body)
	if err != nil {
		b.core.Log.Warn("update dropped: not an update", "city", row.City)
		return
	}
	// The context is Listen's, not the request's: what has begun is finished even if Telegram closes the connection.
	ctx, cancel := context.WithTimeout(lease.Ctx, webhookTimeout)
	defer cancel()
	out := func(ctx context.Context, r report.Report) error { return lease.Out(ctx, row.City, r) }
	if err := b.handle(ctx, row, u, out); err != nil {
		b.retryLater(w, row.City, err)
	}
}

// retryLater makes Telegram repeat the call. While a city is switched off, its updates wait at Telegram as they do with polling.
func (b *Bot) retryLater(w http.ResponseWriter, city string, err error) {
	if err != nil {
		b.core.Log.Error("update not handled; Telegram sends it again", "city", city, "err", err)
	}
	w.Header().Set("Retry-After", "30")
	w.WriteHeader(http.StatusServiceUnavailable)
}
