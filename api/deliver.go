package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"linienfunk/db"
	"linienfunk/internal/outgoing"
	"linienfunk/internal/wait"
)

// pauses are those before a webhook is tried again, as https://www.standardwebhooks.com recommends: three days and four hours in all. Then it is held.
var pauses = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

const (
	answerTime = 15 * time.Second // of a receiver
	leaseTime  = time.Minute      // longer than the sending of one event
	lookEvery  = 2 * time.Second  // for what is due
	feedEvery  = 30 * time.Second // the ledgers of all cities with webhooks are read, besides when something has happened
)

// deliverer sends events to webhooks. On several nodes each webhook is sent to by one, which has leased it.
type deliverer struct {
	*Webhooks
	client *http.Client
	log    *slog.Logger

	mu      sync.Mutex
	dirty   map[string]bool // cities of which something has happened
	running map[uint]bool   // webhooks to which this node sends
	woken   chan struct{}
}

func newDeliverer(h *Webhooks, client *http.Client, log *slog.Logger) *deliverer {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect is no receiver
	return &deliverer{Webhooks: h, client: &direct, log: log, dirty: map[string]bool{}, running: map[uint]bool{}, woken: make(chan struct{}, 1)}
}

// touch notes that something has happened in a city.
func (d *deliverer) touch(city string) {
	d.mu.Lock()
	d.dirty[city] = true
	d.mu.Unlock()
	d.wake()
}

func (d *deliverer) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// run sends until ctx ends.
func (d *deliverer) run(ctx context.Context) {
	var sending sync.WaitGroup
	defer sending.Wait()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	read := time.Time{}
	for {
		all := time.Since(read) > feedEvery
		if all {
			read = time.Now()
		}
		if err := d.look(ctx, all, &sending); err != nil && ctx.Err() == nil {
			d.log.Error("cannot look for webhooks that are due", "err", err)
			wait.For(ctx, lookEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-d.woken:
		}
	}
}

// look makes the events of cities in which something has happened, of all with webhooks if all is true, and begins to send what is due.
func (d *deliverer) look(ctx context.Context, all bool, sending *sync.WaitGroup) error {
	d.mu.Lock()
	dirty := d.dirty
	d.dirty = map[string]bool{}
	d.mu.Unlock()
	var active []Webhook
	if err := d.tables.WithContext(ctx).Where("held_at IS NULL").Order("id").Find(&active).Error; err != nil {
		return err
	}
	read := map[string]bool{}
	for _, w := range active {
		if (all || dirty[w.City]) && !read[w.City] {
			read[w.City] = true
			if _, err := d.feed.update(ctx, w.City); err != nil {
				return err
			}
		}
	}
	for _, w := range active {
		if w.NextAt.After(d.now()) || w.Lease != nil && w.Lease.After(d.now()) {
			continue
		}
		waits, err := db.Any(d.tables.WithContext(ctx).Model(&event{}), "city = ? AND id > ?", w.City, w.Cursor)
		if err != nil {
			return err
		}
		if waits && d.begin(w.ID) {
			sending.Go(func() {
				defer d.end(w.ID)
				if err := d.send(ctx, w); err != nil && ctx.Err() == nil {
					d.log.Error("cannot send to a webhook", "webhook", w.ID, "err", err)
				}
			})
		}
	}
	return nil
}

func (d *deliverer) begin(id uint) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running[id] {
		return false
	}
	d.running[id] = true
	return true
}

func (d *deliverer) end(id uint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.running, id)
	d.wake() // more may have come
}

// send sends a webhook all events that wait for it, until one is not taken.
func (d *deliverer) send(ctx context.Context, w Webhook) error {
	kinds := strings.Fields(w.Kinds)
	lease := db.Time(d.now().Add(leaseTime))
	leased := d.tables.WithContext(ctx).Model(&Webhook{}).Where("id = ? AND held_at IS NULL AND cursor = ? AND (lease IS NULL OR lease <= ?)", w.ID, w.Cursor, db.Time(d.now())).Update("lease", lease)
	if leased.Error != nil || leased.RowsAffected == 0 {
		return leased.Error
	}
	defer func() {
		err := d.tables.WithContext(context.WithoutCancel(ctx)).Model(&Webhook{}).Where("id = ? AND lease = ?", w.ID, lease).Update("lease", nil).Error
		if err != nil {
			d.log.Warn("a webhook waits a minute longer", "webhook", w.ID, "err", err)
		}
	}()
	events, err := d.feed.after(ctx, w.City, w.Cursor, 50)
	if err != nil {
		return err
	}
	for _, e := range events {
		change := map[string]any{"cursor": e.ID}
		if slices.Contains(kinds, e.Type) {
			problem, gone := d.post(ctx, w, e)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if problem != "" {
				return d.failed(ctx, w, problem, gone)
			}
			w.Attempts = 0
			change["attempts"], change["problem"], change["sent_at"] = 0, "", db.Time(d.now())
		}
		next := db.Time(d.now().Add(leaseTime))
		change["lease"] = next
		done := d.tables.WithContext(context.WithoutCancel(ctx)).Model(&Webhook{}).Where("id = ? AND lease = ?", w.ID, lease).Updates(change)
		if done.Error != nil || done.RowsAffected == 0 { // it was deleted, or another node has it
			return done.Error
		}
		lease, w.Cursor = next, uint(e.ID)
	}
	return nil
}

// failed notes an attempt that has failed.
func (d *deliverer) failed(ctx context.Context, w Webhook, problem string, gone bool) error {
	now := d.now()
	change := map[string]any{"problem": problem, "attempts": w.Attempts + 1}
	if gone || w.Attempts >= len(pauses) {
		change["held_at"] = db.Time(now)
		d.log.Info("a webhook is held", "webhook", w.ID, "city", w.City, "problem", problem)
	} else {
		pause := pauses[w.Attempts]
		change["next_at"] = db.Time(now.Add(pause + rand.N(pause/10)))
	}
	return d.tables.WithContext(ctx).Model(&Webhook{}).Where("id = ? AND cursor = ?", w.ID, w.Cursor).Updates(change).Error
}

// sent is the body of a call (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
type sent struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Event     `json:"data"`
}

// post sends one event, and returns why it was not taken; gone if the receiver wants no more. No text of the receiver is kept.
func (d *deliverer) post(ctx context.Context, w Webhook, e Event) (problem string, gone bool) {
	key, err := d.box.Open(secretCell(w.ID), w.Secret)
	if err != nil {
		return "the secret cannot be opened", false
	}
	signer, err := standardwebhooks.NewWebhook(string(key))
	if err != nil {
		return "the secret cannot be read", false
	}
	body, err := json.Marshal(sent{e.Type, e.At, e})
	if err != nil {
		return "the event cannot be written", false
	}
	id, now := fmt.Sprintf("evt_%d", e.ID), time.Now() // receivers compare with their clocks
	signature, err := signer.Sign(id, now, body)
	if err != nil {
		return "the event cannot be signed", false
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return "the address cannot be read", false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := d.client.Do(r)
	if err != nil {
		return describe(err), false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return "", false
	}
	return fmt.Sprintf("HTTP %d", answer.StatusCode), answer.StatusCode == http.StatusGone
}

// describe says why a receiver did not answer.
func describe(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, outgoing.ErrPrivate):
		return "the address is not on the public internet"
	case errors.As(err, &dns):
		return "the name is not known"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	return "no connection"
}
