package mail

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"linienfunk/internal/testkit"
)

func TestTheDumpCountsMessagesPerDestinationAndShowsNoAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newInternet(t).config())
	w.enqueue(messagesFrom("zuerich", 3)...) // example.org
	w.enqueue(messageTo("rider@example.net"))
	must(t, w.as("post").Enqueue(t.Context(), messageWithRoute("routed")))
	_, err := w.Cancel(t.Context(), "zuerich0")
	must(t, err)
	leased, _, err := w.store.lease(t.Context(), nil)
	must(t, err)
	must(t, w.store.retry(t.Context(), leased[0], time.Minute, false))
	must(t, w.store.finish(t.Context(), leased[3]))
	var out testkit.LogBuffer
	must(t, Dump(t.Context(), w.handle, w.Now(), &out))
	for _, line := range []string{
		`destination +waiting +leased +deferred +attempts +next attempt +expires\n`,
		`[0-9a-f]{8} +2 +1 +1 +1 +in (1m0s|\d+s) +in (120h0m0s|119h\d+m\d+s)\n`, // example.org
		`[0-9a-f]{8} +1 +1 +0 +0 +- +in \S+\n`,
		`total +3 +2 +1 +\n`,
		`finished: 2, of them canceled: 1 `,
	} {
		if !regexp.MustCompile(line).MatchString(out.String()) {
			t.Errorf("no line %s in\n%s", line, out.String())
		}
	}
	if strings.Contains(out.String(), "example") {
		t.Errorf("a domain in\n%s", out.String())
	}
}

func TestTheDumpNamesRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{Outbox: t.TempDir()})
	must(t, w.as("post").Enqueue(t.Context(), messageWithRoute("1")))
	var out testkit.LogBuffer
	must(t, Dump(t.Context(), w.handle, w.Now(), &out))
	if !regexp.MustCompile(`route [0-9a-f]{8} +1 `).MatchString(out.String()) {
		t.Error(out.String())
	}
}
