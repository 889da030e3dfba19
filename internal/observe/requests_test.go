package observe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linienfunk/internal/observe"
	"linienfunk/internal/testkit"
)

// site is a mux in a mux, as the pages are.
func site(o *observe.Observer) http.Handler {
	outer, pages := http.NewServeMux(), http.NewServeMux()
	pages.HandleFunc("GET /c/{city}", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello")) })
	pages.HandleFunc("POST /c/{city}/report/{rest...}", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusTeapot) })
	pages.HandleFunc("GET /c/{city}/live", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
	})
	pages.HandleFunc("GET /panics", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	pages.HandleFunc("/", http.NotFound)
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {})
	outer.Handle("/", copied(o.Route(pages)))
	return o.Requests(copied(o.Route(outer)))
}

// copied passes on a copy of the request, as middleware with values in the context does.
func copied(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r.WithContext(r.Context())) })
}

func TestRequestsAreCountedByRouteMethodAndStatus(t *testing.T) {
	t.Parallel()
	o := observe.New("")
	server := httptest.NewServer(site(o))
	t.Cleanup(server.Close)
	for _, request := range []string{"GET /c/zuerich", "GET /c/ghent", "POST /c/zuerich/report/a/b", "GET /healthz", "GET /wp-admin/?author=marta@example.net",
		"HACK /c/zuerich", "DELETE /c/zuerich", "GET /c/zuerich/live", "GET /panics"} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequest(method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := server.Client().Do(r); err == nil {
			answer.Body.Close()
		} else if path != "/panics" {
			t.Fatal(err)
		}
	}
	var found testkit.Metrics
	testkit.Eventually(t, "the last request is counted", func() bool {
		found = testkit.Scrape(t, o.MetricsHandler())
		return found[`linienfunk_http_requests_total{method="GET",route="/panics",status="aborted"}`] == 1
	})
	for series, want := range map[string]float64{
		`linienfunk_http_requests_total{method="GET",route="/c/{city}",status="200"}`:                   2,
		`linienfunk_http_request_duration_seconds_count{method="GET",route="/c/{city}"}`:                2,
		`linienfunk_http_requests_total{method="POST",route="/c/{city}/report/{rest...}",status="418"}`: 1,
		`linienfunk_http_requests_total{method="GET",route="/healthz",status="200"}`:                    1,
		`linienfunk_http_requests_total{method="GET",route="none",status="404"}`:                        1,
		`linienfunk_http_requests_total{method="OTHER",route="none",status="404"}`:                      1,
		`linienfunk_http_requests_total{method="DELETE",route="none",status="404"}`:                     1,
		`linienfunk_http_requests_total{method="GET",route="/c/{city}/live",status="200"}`:              1,
		`linienfunk_http_request_duration_seconds_count{method="GET",route="/c/{city}/live"}`:           0,
	} {
		if got := found[series]; got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	for series := range found {
		if strings.Contains(series, "marta") || strings.Contains(series, "zuerich") || strings.Contains(series, "wp-admin") {
			t.Errorf("%s names a person, a city or what a stranger has typed", series)
		}
	}
}
