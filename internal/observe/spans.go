package observe

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Names of attributes. No value is a name, a text or an address of a person, or a secret: the id in the key of a report is a keyed digest.
const (
	ReportKey = attribute.Key("linienfunk.report") // report.Report.Key
	City      = attribute.Key("linienfunk.city")
	Network   = attribute.Key("linienfunk.network") // that is asked for something
	Verdict   = attribute.Key("linienfunk.verdict") // "passed", or the list that held the report
)

// Span is one step on the way of a report, a request or a command. The zero Span is none.
type Span struct{ span trace.Span }

// Set sets an attribute.
func (s Span) Set(key attribute.Key, value string) {
	if s.span != nil {
		s.span.SetAttributes(key.String(value))
	}
}

// End ends the step. Of an error only that there was one is sent: its text may quote a network's answer.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, "")
	}
	s.span.End()
}

// Tracing reports whether traces are sent.
func (o *Observer) Tracing() bool { return o != nil && o.tracer != nil }

// Start starts a step in the one that runs in ctx; without one it starts a trace. The step runs in the context that Start returns.
func (o *Observer) Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, Span) {
	if !o.Tracing() {
		return ctx, Span{}
	}
	ctx, span := o.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, Span{span}
}

// Follow starts a step in a trace that Carry has written down, perhaps in another process. It does nothing without one.
func (o *Observer) Follow(ctx context.Context, carried, name string, attributes ...attribute.KeyValue) (context.Context, Span) {
	if !o.Tracing() || carried == "" {
		return ctx, Span{}
	}
	from := trace.SpanContextFromContext(format.Extract(context.Background(), propagation.MapCarrier{header: carried}))
	if !from.IsValid() {
		return ctx, Span{}
	}
	return o.Start(trace.ContextWithRemoteSpanContext(ctx, from), name, attributes...)
}

// Carry writes the step that runs in ctx down, for Follow: as a traceparent of 55 bytes (https://www.w3.org/TR/trace-context/). It is empty if there is none.
func (o *Observer) Carry(ctx context.Context) string {
	if !o.Tracing() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	format.Inject(ctx, carrier)
	return carrier[header]
}

const header = "traceparent"

var format propagation.TraceContext
