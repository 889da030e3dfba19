package bottest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/report"
)

// report returns a new report from another network.
func (w *World) report(text string) report.Report {
	w.mu.Lock()
	w.reports++
	id := fmt.Sprint(w.reports)
	w.mu.Unlock()
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text, At: w.now()}
}

// send sends a report as the supervisor would.
func (w *World) send(ctx context.Context, a bots.Account, r report.Report) error {
	_, err := w.sendReceipt(ctx, a, r)
	return err
}

func (w *World) sendReceipt(ctx context.Context, a bots.Account, r report.Report) (report.Receipt, error) {
	switch bot := w.Bot.(type) {
	case bots.Sender:
		return bot.Send(ctx, a, r)
	case bots.Broadcaster:
		_, err := broadcast(ctx, bot, a, r, "")
		return report.Receipt{}, err
	}
	panic("the bot's features say that it sends, but it is neither a Sender nor a Broadcaster")
}

// broadcast sends to all subscribers after the cursor, and returns the cursor that it has reached.
func broadcast(ctx context.Context, bot bots.Broadcaster, a bots.Account, r report.Report, cursor string) (string, error) {
	for range 10_000 {
		next, _, err := bot.SendPage(ctx, a, r, cursor)
		if err != nil && next != "" {
			cursor = next
		}
		if err != nil || next == "" {
			return cursor, err
		}
		if next == cursor {
			return cursor, errors.New("the cursor does not move")
		}
		cursor = next
	}
	return cursor, errors.New("the broadcast does not end")
}

// audience adds a subscriber if the network needs one to show reports.
func (s suite) audience(t testing.TB, w *World, n Network) {
	if s.f.Broadcasts {
		n.Subscribe(t, w, "zuerich", "sub-one")
	}
}

func (s suite) wantShown(t testing.TB, w *World, n Network, want ...string) {
	t.Helper()
	got := n.Shown(t, w, "zuerich")
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("shown: %q, want %q", got, want)
	}
}

func (s suite) wantKind(t testing.TB, err error, kind bots.Kind) {
	t.Helper()
	if err == nil || bots.AsError(err).Kind != kind {
		t.Errorf("got %v (kind %d), want kind %d", err, bots.AsError(err).Kind, kind)
	}
}

// sendFrom is send; a Broadcaster begins after the cursor.
func (w *World) sendFrom(ctx context.Context, a bots.Account, r report.Report, cursor string) (string, error) {
	if bot, ok := w.Bot.(bots.Broadcaster); ok {
		return broadcast(ctx, bot, a, r, cursor)
	}
	return "", w.send(ctx, a, r)
}
