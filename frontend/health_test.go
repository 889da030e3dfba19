package frontend_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linienfunk/frontend/frontendtest"
	"linienfunk/internal/testkit"
)

const (
	noDatabase = "The database does not answer."
	noBroker   = "The message broker (NATS) does not answer, or cannot store."
)

func TestHealthIsOKWhileTheDatabaseAndTheBrokerAnswer(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	got := s.Visitor().Get("/healthz").Want(200, "ok")
	if got.Header.Get("Cache-Control") != "no-store" || got.Raw != "ok\n" {
		t.Errorf("%v %q", got.Header, got.Raw)
	}
}

func TestHealthSaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	frontendtest.Check(t, s.Site.DB.Close())
	s.Visitor().Get("/healthz").Want(503, noDatabase).WantNot(noBroker, "sql")
}

func TestHealthSaysThatTheBrokerIsAwayUntilItIsBack(t *testing.T) {
	t.Parallel()
	proxy, far := testkit.NewBroker(t).Proxy(t)
	s := frontendtest.New(t, nil)
	s.HealthTime = time.Minute
	var pingTime atomic.Int64 // shorter than HealthTime, so that only the broker is late
	pingTime.Store(int64(time.Minute))
	s.Site.PingBroker = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(pingTime.Load()))
		defer cancel()
		return far.Ping(ctx)
	}
	v := s.Visitor()
	v.Get("/healthz").Want(200)
	proxy.Cut()
	testkit.Eventually(t, "the bus notices that it is disconnected", func() bool { return !far.Healthy() })
	pingTime.Store(int64(time.Millisecond))
	v.Get("/healthz").Want(503, noBroker).WantNot(noDatabase, "127.0.0.1", "nats:")
	pingTime.Store(int64(time.Minute))
	proxy.Restore()
	testkit.Eventually(t, "the broker answers again", func() bool { return v.Get("/healthz").Status == 200 })
}

func TestHealthAnswersInTimeIfAPartHangs(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	s.Site.PingBroker = func(context.Context) error { <-hang; return nil } // ignores its context
	s.HealthTime = time.Millisecond
	if got := s.Visitor().Get("/healthz"); got.Status != 503 || !strings.Contains(got.Raw, noBroker) {
		t.Errorf("%d %q", got.Status, got.Raw)
	}
}

func TestHealthNamesOnlyThePartThatIsAway(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.Site.PingBroker = func(context.Context) error { return errors.New("nats://user:secret@broker.example: refused") }
	if got := s.Visitor().Get("/healthz").Want(503); got.Raw != noBroker+"\n" {
		t.Errorf("%q", got.Raw)
	}
}

func TestAClientThatHangsUpIsNoErrorOfAPart(t *testing.T) {
	t.Parallel()
	s := frontendtest.New(t, nil)
	s.HealthTime = time.Hour
	log := &testkit.LogBuffer{}
	s.Site.Log = slog.New(slog.NewTextHandler(log, nil))
	ctx, hangUp := context.WithCancel(t.Context())
	s.Site.PingBroker = func(ctx context.Context) error {
		hangUp()
		<-ctx.Done()
		return ctx.Err()
	}
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/healthz", nil))
	if log.String() != "" {
		t.Errorf("log:\n%s", log)
	}
}
