package observe

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// route has the pattern of the http.ServeMux that has matched a request.
type route struct{ pattern string }

type routeKey struct{}

// Requests wraps the handler of a whole server. Handlers of Route below it say which route a request has taken.
func (o *Observer) Requests(next http.Handler) http.Handler {
	if o == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, taken, answer := time.Now(), &route{}, &answer{ResponseWriter: w}
		ctx, span := o.startRequest(r)
		defer func() {
			o.answered(r.Method, taken, answer, time.Since(began))
			span.endRequest(knownMethod(r.Method), taken.path(), answer)
		}()
		next.ServeHTTP(answer, r.WithContext(context.WithValue(ctx, routeKey{}, taken)))
		answer.finish()
	})
}

// Route wraps an http.ServeMux. Of several, one in the other, the innermost one with a pattern that is more than "/" counts.
func (o *Observer) Route(mux http.Handler) http.Handler {
	if o == nil {
		return mux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if taken, ok := r.Context().Value(routeKey{}).(*route); ok && taken.pattern == "" && r.Pattern != "/" {
				taken.pattern = r.Pattern
			}
		}()
		mux.ServeHTTP(w, r)
	})
}

// answered counts a request.
func (o *Observer) answered(method string, taken *route, a *answer, took time.Duration) {
	path, method := taken.path(), knownMethod(method)
	o.counters.requests.WithLabelValues(path, method, a.statusLabel()).Inc()
	if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/event-stream") { // lasts as long as the visitor stays
		o.counters.requestTime.WithLabelValues(path, method).Observe(took.Seconds())
	}
}

// startRequest starts a trace. A trace of the client is only linked to: a stranger must not choose which of our requests are traced.
func (o *Observer) startRequest(r *http.Request) (context.Context, Span) {
	if !o.Tracing() {
		return r.Context(), Span{}
	}
	options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer)}
	from := trace.SpanContextFromContext(format.Extract(context.Background(), propagation.HeaderCarrier(r.Header)))
	if from.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: from.WithTraceState(trace.TraceState{})}))
	}
	ctx, span := o.tracer.Start(r.Context(), "request", options...)
	return ctx, Span{span}
}

// endRequest ends the step of a request. Neither its address nor its headers are sent: they name people, and hold tokens.
func (s Span) endRequest(method, route string, a *answer) {
	if s.span == nil {
		return
	}
	s.span.SetName(method + " " + route)
	s.span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", a.status))
	if a.status == 0 || a.status >= http.StatusInternalServerError {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// path is the pattern without its method, such as /c/{city}; "none" for addresses that the program does not have.
func (r *route) path() string {
	if r.pattern == "" {
		return "none"
	}
	if _, path, found := strings.Cut(r.pattern, " "); found {
		return path
	}
	return r.pattern
}

// knownMethod returns a method, or OTHER for those that strangers make up.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

// answer remembers the status of an answer. http.ResponseController finds the server's writer through Unwrap.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// finish notes that the handler has returned, and has not panicked.
func (a *answer) finish() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
}

// statusLabel is the status as a label: "aborted" if the handler panicked before it had one.
func (a *answer) statusLabel() string {
	if a.status == 0 {
		return "aborted"
	}
	return strconv.Itoa(a.status)
}

// Flush implements http.Flusher.
func (a *answer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
