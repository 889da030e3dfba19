package testkit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// Metrics are the series that a program offers to Prometheus, by name and labels as they are written there: name{a="b",c="d"}.
type Metrics map[string]float64

// Scrape returns the metrics that a handler serves on /metrics.
func Scrape(t testing.TB, h http.Handler) Metrics {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("/metrics answers %d: %s", w.Code, w.Body)
	}
	return ParseMetrics(t, w.Body.String())
}

// ScrapeURL is Scrape for a server: an address such as http://127.0.0.1:9464.
func ScrapeURL(t testing.TB, address string) Metrics {
	t.Helper()
	answer, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %s, %v: %s", answer.Status, err, text)
	}
	return ParseMetrics(t, string(text))
}

// ParseMetrics reads the text format of Prometheus, as far as the program writes it.
func ParseMetrics(t testing.TB, text string) Metrics {
	t.Helper()
	found := Metrics{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			t.Fatalf("metrics: %q: %v", line, err)
		}
		found[line[:end]] = value
	}
	return found
}
