package testkit

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// Collector is an OpenTelemetry collector on loopback: OTLP over HTTP with protobuf
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
type Collector struct {
	URL string

	asked  atomic.Int32
	answer atomic.Pointer[func(http.ResponseWriter)]
	mu     sync.Mutex
	spans  []Span
}

// Span is a span that a Collector has received. Ids are hexadecimal.
type Span struct {
	Name, Trace, ID, Parent string
	Attributes              map[string]string
	Links                   []string // the traces of linked spans
	Failed                  bool
	Begin, End              uint64 // nanoseconds since 1970
	Text                    string // all of it
}

// NewCollector starts a collector that runs until the test ends.
func NewCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked.Add(1)
		if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("the collector is asked %s %s, %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		if err := c.receive(r); err != nil {
			t.Errorf("the collector cannot read a request: %v", err)
		}
		if answer := c.answer.Load(); answer != nil {
			(*answer)(w)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		answer, _ := proto.Marshal(&collector.ExportTraceServiceResponse{}) // an empty message
		w.Write(answer)
	}))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *Collector) receive(r *http.Request) error {
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = unzipped
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(data, &request); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.spans = append(c.spans, readSpan(span))
			}
		}
	}
	return nil
}

func readSpan(s *trace.Span) Span {
	read := Span{Name: s.Name, Trace: hex.EncodeToString(s.TraceId), ID: hex.EncodeToString(s.SpanId), Parent: hex.EncodeToString(s.ParentSpanId),
		Attributes: map[string]string{}, Failed: s.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR,
		Begin: s.StartTimeUnixNano, End: s.EndTimeUnixNano, Text: prototext.Format(s)}
	for _, a := range s.Attributes {
		read.Attributes[a.Key] = a.Value.GetStringValue()
	}
	for _, link := range s.Links {
		read.Links = append(read.Links, hex.EncodeToString(link.TraceId))
	}
	return read
}

// Answer makes the collector answer otherwise from now on.
func (c *Collector) Answer(answer func(http.ResponseWriter)) { c.answer.Store(&answer) }

// Requests is how often the collector was asked for anything.
func (c *Collector) Requests() int { return int(c.asked.Load()) }

// Spans returns what has arrived, and for which wanted holds; nil wants all.
func (c *Collector) Spans(wanted func(Span) bool) (found []Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if wanted == nil || wanted(s) {
			found = append(found, s)
		}
	}
	return found
}
