package telegram

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"time"

	"linienfunk/bots"
	"linienfunk/report"
)

// maxUpdate is the largest update by webhook, in bytes. A message has 4096 characters at most, perhaps with another one that
// it answers to.
const maxUpdate = 512 << 10

// hookTime is how long handling an update may take; Listen has to end within 5 seconds.
const hookTime = 4 * time.Second

// hookAddress is where Telegram calls for a city's bot: nobody can guess it.
func (b *Bot) hookAddress(row Account) string {
	return b.core.BaseURL + "/bots/" + b.core.Name + "/hook/" + row.Hook
}

// hookSecret is what Telegram shows in a header. It changes each time that the city connects.
func (b *Bot) hookSecret(row Account) string {
	return b.core.Box.Digest("telegram hook secret", row.Hook+"/"+row.Revision)
}

// Listen serves the webhooks until ctx ends, and returns when the last of them is done.
func (b *Bot) Listen(ctx context.Context, out bots.CityOut) error { return b.intake.Serve(ctx, out) }

// hook takes an update. Telegram repeats what is not answered with 2xx, for a day at most, and holds back what comes after it.
func (b *Bot) hook(w http.ResponseWriter, r *http.Request) {
	row, _, err := b.store.hooked(r.Context(), r.PathValue("hook"))
	if errors.Is(err, errNoAccount) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		b.notNow(w, "", err)
		return
	}
	shown, want := r.Header.Get("X-Telegram-Bot-Api-Secret-Token"), b.hookSecret(row)
	if subtle.ConstantTimeCompare([]byte(shown), []byte(want)) != 1 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		b.core.Log.Warn("update dropped: too large", "city", row.City)
		return // 200, or it comes for a day
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.takeHook(w, r, row, body)
}

func (b *Bot) takeHook(w http.ResponseWriter, r *http.Request, row Account, body []byte) {
	_, open, err := b.open(r.Context(), row.City)
	lease := b.intake.Acquire()
	if lease != nil {
		defer lease.Release()
	}
	if err != nil || !open || lease == nil {
		b.notNow(w, row.City, err)
		return
	}
	u, err := parse(body)
	if err != nil {
		b.core.Log.Warn("update dropped: not understood", "city", row.City)
		return
	}
	// It ends with the program, not with the request: what is stored is stored, even if Telegram does not wait for it.
	ctx, cancel := context.WithTimeout(lease.Ctx, hookTime)
	defer cancel()
	out := func(ctx context.Context, r report.Report) error { return lease.Out(ctx, row.City, r) }
	if err := b.handle(ctx, row, u, out); err != nil {
		b.notNow(w, row.City, err)
	}
}

// notNow lets Telegram come again. While a city is switched off, its updates wait at Telegram as they do without a webhook.
func (b *Bot) notNow(w http.ResponseWriter, city string, err error) {
	if err != nil {
		b.core.Log.Error("update was not taken", "city", city, "error", err)
	}
	w.Header().Set("Retry-After", "30")
	w.WriteHeader(http.StatusServiceUnavailable)
}
