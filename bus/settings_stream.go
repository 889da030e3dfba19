package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
)

// ReplyHeader is the header of an update that names the subject to which its outcome is sent.
const ReplyHeader = "Linienfunk-Answer"

// maxReplySubject is the limit of such a subject in bytes. A protocol line of NATS has at most 4096 bytes; a longer one closes
// the connection.
const maxReplySubject = 256

// Update is a message in the stream SETTINGS.
type Update struct {
	Base string // the last token of its subject
	Seq  uint64 // in the stream; consecutive unless messages were trimmed
	Data []byte

	replySubject string
	bus          *Bus
}

// Respond sends data to the update's reply subject, if it has one. Wildcards and this program's own subjects are refused.
func (u Update) Respond(data []byte) error {
	if u.replySubject == "" {
		return nil
	}
	if !u.bus.isReplySubject(u.replySubject) {
		return fmt.Errorf("respond to update: %.100q is not a valid reply subject", u.replySubject)
	}
	return u.bus.conn.Publish(u.replySubject, data)
}

// isReplySubject reports whether a subject from outside is valid, has no wildcard and is not one that this program consumes.
func (b *Bus) isReplySubject(subject string) bool {
	if len(subject) > maxReplySubject || strings.ContainsAny(subject, "*> \t\r\n") || strings.HasPrefix(subject, "$") || strings.HasPrefix(subject, ".") || strings.HasSuffix(subject, ".") || strings.Contains(subject, "..") {
		return false
	}
	for _, ours := range []string{"report.", "settings.", "account.", "bot.", "limits.", "mail."} {
		if strings.HasPrefix(subject, b.subject(ours)) {
			return false
		}
	}
	return true
}

// PublishUpdate stores an update and returns its sequence number. JetStream drops one whose id it has seen in the last two minutes.
func (b *Bus) PublishUpdate(ctx context.Context, base, id string, data []byte) (uint64, error) {
	var ack *jetstream.PubAck
	err := b.storing(ctx, func(ctx context.Context) (err error) {
		ack, err = b.js.Publish(ctx, b.subject("settings.update", base), data, jetstream.WithMsgID(id))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store update: %w", err)
	}
	return ack.Sequence, nil
}

// StreamState is the state of the stream SETTINGS.
type StreamState struct {
	Stream string // creation time; differs once the stream was recreated and its sequence starts again
	First  uint64 // the oldest message; Last+1 if the stream is empty
	Last   uint64
}

// UpdatesState returns the state of the stream. A missing stream is created.
func (b *Bus) UpdatesState(ctx context.Context) (StreamState, error) {
	stream, err := b.js.Stream(ctx, b.stream("SETTINGS"))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if err = b.createStreams(ctx); err == nil {
			stream, err = b.js.Stream(ctx, b.stream("SETTINGS"))
		}
	}
	if err != nil {
		return StreamState{}, fmt.Errorf("read state of updates: %w", err)
	}
	info := stream.CachedInfo()
	state := StreamState{Stream: info.Created.UTC().Format(time.RFC3339Nano), First: info.State.FirstSeq, Last: info.State.LastSeq}
	if info.State.Msgs == 0 {
		state.First = state.Last + 1
	}
	return state, nil
}

// ErrStreamChanged is returned by FollowUpdates when the stream was recreated or restored from a backup, or when unread messages were
// trimmed. The caller must start again from UpdatesState.
var ErrStreamChanged = errors.New("the stream has changed")

// streamCheckInterval is how often FollowUpdates checks that the stream is still the same.
const streamCheckInterval = 5 * time.Second

// FollowUpdates calls f for each update of a stream, beginning with sequence number from, in stream order and without overlap,
// until ctx ends, f fails or the stream changes. It resumes after a lost connection.
func (b *Bus) FollowUpdates(ctx context.Context, stream string, from uint64, f func(Update) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	consumer, err := b.js.OrderedConsumer(ctx, b.stream("SETTINGS"), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(from, 1),
		InactiveThreshold: time.Minute, MaxResetAttempts: 3,
	})
	if err != nil {
		return fmt.Errorf("follow updates: %w", err)
	}
	// Not Consume: after a reset of the consumer it may call the handler while the previous call is still running.
	messages, err := consumer.Messages(jetstream.PullMaxMessages(16), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return fmt.Errorf("follow updates: %w", err)
	}
	next := &atomic.Uint64{}
	next.Store(max(from, 1))
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() {
		<-ctx.Done()
		messages.Stop()
	})
	parts.Go(func() { b.watchUpdates(ctx, cancel, stream, next) })
	defer cancel(nil)
	for {
		raw, err := messages.Next()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("follow updates: %w", err)
		}
		meta, err := raw.Metadata()
		base, ours := strings.CutPrefix(raw.Subject(), b.subject("settings.update."))
		if err != nil || meta.Sequence.Stream < next.Load() {
			continue
		}
		if !ours {
			base = "" // another program has changed the stream's subjects
		}
		update := Update{Base: base, Seq: meta.Sequence.Stream, Data: raw.Data(), replySubject: raw.Headers().Get(ReplyHeader), bus: b}
		if err := f(update); err != nil {
			return err
		}
		next.Store(update.Seq + 1)
	}
}

// watchUpdates cancels FollowUpdates when the stream has changed, which an ordered consumer does not notice.
func (b *Bus) watchUpdates(ctx context.Context, end context.CancelCauseFunc, stream string, next *atomic.Uint64) {
	wait.Every(ctx, streamCheckInterval, func() {
		before := next.Load()
		state, err := b.UpdatesState(ctx)
		if err == nil && (state.Stream != stream || state.Last+1 < before || state.First > next.Load()) {
			end(ErrStreamChanged)
		}
	})
}

// TrimUpdates deletes the updates up to seq.
func (b *Bus) TrimUpdates(ctx context.Context, seq uint64) error {
	stream, err := b.js.Stream(ctx, b.stream("SETTINGS"))
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(seq+1))
	}
	if err != nil {
		return fmt.Errorf("trim updates: %w", err)
	}
	return nil
}

// Request is a received request.
type Request struct {
	Data []byte
	msg  *nats.Msg
}

// WantsReply reports whether the request has a reply subject.
func (q Request) WantsReply() bool { return q.msg.Reply != "" }

// Respond sends the response.
func (q Request) Respond(data []byte) error { return q.msg.Respond(data) }

// HandleRequests calls f for the requests on the subject until stop is called. Calls do not overlap. Each request goes to one member of the
// group, over all nodes.
func (b *Bus) HandleRequests(subject, group string, f func(Request)) (stop func(), err error) {
	sub, err := b.conn.QueueSubscribe(b.subject(subject), b.subject(group), func(m *nats.Msg) { f(Request{m.Data, m}) })
	if err == nil {
		err = b.conn.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	return func() { sub.Unsubscribe() }, nil
}

// ErrNoResponder is returned by Bus.Request when no responder is subscribed or none responds in time.
var ErrNoResponder = errors.New("no response")

// Request sends a request as JSON and decodes the JSON response into response.
func (b *Bus) Request(ctx context.Context, subject string, request, response any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	msg, err := b.conn.RequestWithContext(ctx, b.subject(subject), data)
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("request on %s: %w", subject, ErrNoResponder)
	}
	if err != nil {
		return fmt.Errorf("request on %s: %w", subject, err)
	}
	return json.Unmarshal(msg.Data, response)
}

// EraseUpdates deletes those updates up to seq of which is returns true, and overwrites their bytes where the broker keeps them. It returns how many there were.
func (b *Bus) EraseUpdates(ctx context.Context, seq uint64, is func(data []byte) bool) (erased int, err error) {
	stream, err := b.js.Stream(ctx, b.stream("SETTINGS"))
	if err != nil {
		return 0, fmt.Errorf("erase updates: %w", err)
	}
	state := stream.CachedInfo().State
	for at := state.FirstSeq; at <= min(seq, state.LastSeq); at++ {
		raw, err := stream.GetMsg(ctx, at)
		if err == nil && is(raw.Data) {
			if err = stream.SecureDeleteMsg(ctx, at); err == nil {
				erased++
			}
		}
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return erased, fmt.Errorf("erase updates: %w", err)
		}
	}
	return erased, nil
}
