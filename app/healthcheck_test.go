package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linienfunk/internal/config"
)

func TestTheHealthCheckFailsWithTheReason(t *testing.T) {
	t.Parallel()
	status, text := http.StatusOK, "ok\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asks %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	c := config.Config{HTTP: strings.TrimPrefix(server.URL, "http://")}
	if err := healthcheck(t.Context(), c); err != nil {
		t.Error(err)
	}
	status, text = http.StatusServiceUnavailable, "The database does not answer.\nThe message broker (NATS) does not answer.\n"
	want := "not healthy: 503 Service Unavailable: The database does not answer. The message broker (NATS) does not answer."
	if err := healthcheck(t.Context(), c); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	server.Close()
	if err := healthcheck(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "not healthy: ") {
		t.Errorf("no program: %v", err)
	}
}
