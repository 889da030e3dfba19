package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
	"linienfunk/report"
)

// parcelReports and parcelBytes limit the reports that are stored as one message. A report is at most about 20 KB, and the server takes messages
// of up to a megabyte.
const (
	parcelReports = 64
	parcelBytes   = 512 << 10
)

// publishing is a report that is to be stored, as JSON.
type publishing struct {
	ctx     context.Context
	subject string
	data    json.RawMessage
	stored  chan error // receives the outcome
}

// PublishReport stores a received report, or its withdrawal, in REPORTS. It returns nil once the message is on disk. Reports that come while
// others are being stored share one message, and so one wait for the disk.
func (b *Bus) PublishReport(ctx context.Context, r report.Report) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	p := publishing{ctx: ctx, subject: b.subject("report.in", r.City, r.Bot), data: data, stored: make(chan error, 1)}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.stopped.Done():
		return fmt.Errorf("store report: %w", context.Cause(b.stopped))
	case b.reports <- p:
	}
	if err := <-p.stored; err != nil {
		return fmt.Errorf("store on %s: %w", p.subject, err)
	}
	return nil
}

// publishReports stores what PublishReport is given until the bus is closed.
func (b *Bus) publishReports() {
	for {
		select {
		case <-b.stopped.Done():
			return
		case first := <-b.reports:
			b.publishParcel(b.collect(first))
		}
	}
}

// collect returns the first report with those that have come meanwhile.
func (b *Bus) collect(first publishing) []publishing {
	parcel, size := []publishing{first}, len(first.data)
	for len(parcel) < parcelReports && size < parcelBytes {
		select {
		case next := <-b.reports:
			parcel, size = append(parcel, next), size+len(next.data)
		default:
			return parcel
		}
	}
	return parcel
}

func (b *Bus) publishParcel(parcel []publishing) {
	ctx, subject, data := parcel[0].ctx, parcel[0].subject, []byte(parcel[0].data)
	var err error
	if len(parcel) > 1 { // of different cities, and of callers that give up at different times
		ctx, subject = b.stopped, b.subject("report.in", "_", "_")
		list := make([]json.RawMessage, len(parcel))
		for i, p := range parcel {
			list[i] = p.data
		}
		data, err = json.Marshal(list)
	}
	if err == nil {
		err = b.storing(ctx, func(ctx context.Context) error { return b.insist(ctx, subject, data) })
	}
	for _, p := range parcel {
		p.stored <- err
	}
}

// attemptTime is how long an external server may take to store a message before it is asked again. Right after the leader of a cluster has died,
// nobody answers.
const attemptTime = 2 * time.Second

// insist stores a message, and tries again until ctx ends. The server recognises the second copy of a message by its id.
func (b *Bus) insist(ctx context.Context, subject string, data []byte) error {
	if b.embedded != nil {
		_, err := b.js.Publish(ctx, subject, data)
		return err
	}
	id := nats.NewInbox()
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTime)
		_, err := b.js.Publish(attempt, subject, data, jetstream.WithMsgID(id))
		cancel()
		if err == nil || ctx.Err() != nil || refusesMessage(err) {
			return err
		}
		wait.For(ctx, 100*time.Millisecond)
	}
}
