package telegram

import (
	"context"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/bottest"
	"linienfunk/bots/telegram/telegramtest"
	"linienfunk/internal/testkit"
	"linienfunk/report"
)

// Receiving updates and broadcasting reports, as the core does.

// receive handles all queued updates as Recv would, sends the replies, and returns the reports.
func receive(t testing.TB, w *bottest.World, city string) []report.Report {
	t.Helper()
	b := theBot(w)
	row, c := account(t, w, city)
	var got []report.Report
	out := func(_ context.Context, r report.Report) error {
		got = append(got, r)
		return nil
	}
	for next := nextOffset(row, b.core.Now()); ; {
		updates, err := c.getUpdates(t.Context(), next, maxUpdates, 0)
		must(t, err)
		if len(updates) == 0 {
			break
		}
		for _, raw := range updates {
			id, err := b.handleRaw(t.Context(), row, raw, out)
			must(t, err)
			must(t, b.setLastUpdate(t.Context(), row, id))
			next = id + 1
		}
	}
	must(t, b.drainReplies(t.Context(), row, c))
	return got
}

// startRecv runs Recv until the test ends or stop is called, which waits for it. A nil out accepts all reports.
func startRecv(t testing.TB, w *bottest.World, a bots.Account, out bots.Out) (stop func()) {
	t.Helper()
	if out == nil {
		out = func(context.Context, report.Report) error { return nil }
	}
	b := theBot(w)
	return testkit.Background(t, func(ctx context.Context) { b.Recv(ctx, a, out) })
}

// texts joins the texts of reports.
func texts(reports []report.Report) string {
	var out []string
	for _, r := range reports {
		out = append(out, r.Text)
	}
	return strings.Join(out, "|")
}

// send broadcasts a report to all subscribers as the core would, and returns the number of subscribers served.
func send(t testing.TB, w *bottest.World, a bots.Account, r report.Report) int {
	t.Helper()
	return sendFrom(t, w, a, r, "")
}

// sendFrom is send, after a cursor.
func sendFrom(t testing.TB, w *bottest.World, a bots.Account, r report.Report, at string) (total int) {
	t.Helper()
	for {
		next, served, err := theBot(w).SendPage(t.Context(), a, r, at)
		must(t, err)
		total += served
		if next == "" {
			return total
		}
		at = next
	}
}

// other returns a report of another network.
func other(w *bottest.World, id, text string) report.Report {
	return report.Report{City: "zuerich", Bot: "elsewhere", ID: id, Text: text, At: w.Core.Now()}
}

// subscribe makes people subscribers of zuerich.
func subscribe(t testing.TB, w *bottest.World, fake *telegramtest.Server, people ...string) {
	t.Helper()
	for _, person := range people {
		fake.Say(botOf("zuerich"), person, "/start")
	}
	receive(t, w, "zuerich")
}
