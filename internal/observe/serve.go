package observe

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapes is how many scrapes are answered at a time.
const scrapes = 4

// MetricsHandler serves the metrics on /metrics. It is for a port of its own, which is not public.
func (o *Observer) MetricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.registry, promhttp.HandlerOpts{
		Registry: o.registry, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapes,
	}))
	return mux
}
