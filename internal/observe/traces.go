package observe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Traces is where traces go.
type Traces struct {
	URL     string // of a collector that takes OTLP over HTTP; /v1/traces is added unless the URL ends with it
	Percent int    // share of reports and requests that are traced, from 1 to 100
	Log     *slog.Logger
}

// Times of the exporter. A process that is killed loses the spans of the last exportEvery.
const (
	exportEvery = time.Second
	exportTime  = 10 * time.Second
	flushTime   = 2 * time.Second // when the program stops
)

// SendTraces begins to send traces. It must be called before anything else is observed.
func (o *Observer) SendTraces(ctx context.Context, to Traces) error {
	address, err := url.Parse(to.URL)
	if err != nil {
		return fmt.Errorf("traces.url is no address")
	}
	const path = "/v1/traces"
	address.Path = strings.TrimSuffix(strings.TrimSuffix(address.Path, "/"), path) + path
	out, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address.String()), otlptracehttp.WithTimeout(exportTime))
	if err != nil {
		return fmt.Errorf("traces.url: %w", err)
	}
	host, _ := os.Hostname()
	o.provider = sdk.NewTracerProvider(
		sdk.WithBatcher(&exporter{SpanExporter: out, log: to.Log}, sdk.WithBatchTimeout(exportEvery), sdk.WithExportTimeout(exportTime)),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(float64(to.Percent)/100))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "linienfunk"), attribute.String("service.version", o.version),
			attribute.String("service.instance.id", cmp.Or(host, "unknown")))),
	)
	o.tracer = o.provider.Tracer("linienfunk")
	return nil
}

// Close sends what is left.
func (o *Observer) Close() error {
	if o == nil || o.provider == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	_ = o.provider.Shutdown(ctx) // exporter has logged why
	return nil
}

// logEvery is how often a collector that does not work is logged.
const logEvery = time.Minute

// exporter logs what goes wrong, now and then; spans that cannot be sent are dropped.
type exporter struct {
	sdk.SpanExporter
	log *slog.Logger

	mu     sync.Mutex
	logged time.Time
}

// ExportSpans implements sdk.SpanExporter. It returns no error, which the SDK would print.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.logged) > logEvery {
		e.logged = time.Now()
		e.log.Warn("the collector takes no traces; they are dropped", "err", err, "spans", len(spans))
	}
	return nil
}
