package frontend

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"linienfunk/internal/disk"
)

// healthTime is how long /healthz waits for the database and the broker. The health check of the Dockerfile waits longer.
const healthTime = 3 * time.Second

// health answers 200 if the database and the broker answer in time, else 503 with a sentence for each that does not. The sentences
// are for anybody; what went wrong is in the log.
func (f *Frontend) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), f.HealthTime)
	defer cancel()
	database := startCheck(ctx, f.Site.DB.Ping)
	broker := startCheck(ctx, f.Site.PingBroker)
	databaseErr, brokerErr := <-database, <-broker
	if r.Context().Err() != nil {
		return // the client has gone: that says nothing about the parts
	}
	var sentences []string
	if err := databaseErr; err != nil {
		f.Site.Log.Error("the database does not answer a health check, or cannot be written", "err", err)
		sentence := "The database does not answer.\n"
		if reason := disk.Reason(err); reason != "" {
			sentence = "The database cannot be written: " + reason + ".\n"
		}
		sentences = append(sentences, sentence)
	}
	if err := brokerErr; err != nil {
		f.Site.Log.Error("NATS does not answer a health check, or cannot store", "err", err)
		sentence := "The message broker (NATS) does not answer, or cannot store.\n"
		if reason := disk.Reason(err); reason != "" {
			sentence = "The message broker (NATS) cannot store: " + reason + ".\n"
		}
		sentences = append(sentences, sentence)
	}
	if len(sentences) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	} else {
		sentences = []string{"ok\n"}
	}
	_, _ = io.WriteString(w, strings.Join(sentences, ""))
}

// startCheck runs ping in a goroutine and returns a channel with its error, or ctx's if that ends first: a check must answer even if
// a driver ignores its context.
func startCheck(ctx context.Context, ping func(ctx context.Context) error) <-chan error {
	done, result := make(chan error, 1), make(chan error, 1)
	go func() { done <- ping(ctx) }()
	go func() {
		select {
		case err := <-done:
			result <- err
		case <-ctx.Done():
			result <- fmt.Errorf("no answer in time: %w", ctx.Err())
		}
	}()
	return result
}
