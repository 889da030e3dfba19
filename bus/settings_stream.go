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
)

// AnswerHeader of an update names the subject on which its sender wants to hear what became of it.
const ReplyHeader = "Linienfunk-Answer"

// maxAnswer is how long such a subject may be. A line of NATS has at most 4096 bytes, and a longer one ends the connection.
const maxReplySubject = 256

// Update is a message of the stream SETTINGS.
type Update struct {
	Base string // the last token of its subject
	Seq  uint64 // in the stream: without gaps, unless messages were trimmed
	Data []byte

	replySubject string
	bus          *Bus
}

// Answer tells the sender what became of the update, if it wants to know. It may name neither a pattern nor a subject on which we listen.
func (u Update) Respond(data []byte) error {
	if u.replySubject == "" {
		return nil
	}
	if !u.bus.isReplySubject(u.replySubject) {
		return fmt.Errorf("answer: %.100q is no subject for answers", u.replySubject)
	}
	return u.bus.conn.Publish(u.replySubject, data)
}

// foreign says whether a subject that somebody named is one that we may write to.
func (b *Bus) isReplySubject(subject string) bool {
	if len(subject) > maxReplySubject || strings.ContainsAny(subject, "*> \t\r\n") || strings.HasPrefix(subject, "$") || strings.HasPrefix(subject, ".") || strings.HasSuffix(subject, ".") || strings.Contains(subject, "..") {
		return false
	}
	for _, ours := range []string{"report.", "settings.", "account.", "bot."} {
		if strings.HasPrefix(subject, b.subject(ours)) {
			return false
		}
	}
	return true
}

// PutUpdate stores an update and returns its place in the stream. One with an id that was stored a moment ago is not stored again.
func (b *Bus) PublishUpdate(ctx context.Context, base, id string, data []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ack, err := b.js.Publish(ctx, b.subject("settings.update", base), data, jetstream.WithMsgID(id))
	if err != nil {
		return 0, fmt.Errorf("store update: %w", err)
	}
	return ack.Sequence, nil
}

// Updates says where the stream SETTINGS stands.
type StreamState struct {
	Stream string // changes when the stream is made anew, and its sequence begins again
	First  uint64 // the first message that is left; one more than Last if none is
	Last   uint64
}

// UpdatesState asks where the stream stands. A stream that is gone is made anew.
func (b *Bus) UpdatesState(ctx context.Context) (StreamState, error) {
	stream, err := b.js.Stream(ctx, b.stream("SETTINGS"))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if err = b.createStreams(ctx); err == nil {
			stream, err = b.js.Stream(ctx, b.stream("SETTINGS"))
		}
	}
	if err != nil {
		return StreamState{}, fmt.Errorf("look at updates: %w", err)
	}
	info := stream.CachedInfo()
	state := StreamState{Stream: info.Created.UTC().Format(time.RFC3339Nano), First: info.State.FirstSeq, Last: info.State.LastSeq}
	if info.State.Msgs == 0 {
		state.First = state.Last + 1
	}
	return state, nil
}

// ErrChanged says that the stream is not the one that was followed: it was made anew, set back, or messages are gone that were
// not read yet. Whoever follows it has to begin anew.
var ErrStreamChanged = errors.New("the stream has changed")

// checkEvery is how often FollowUpdates looks whether the stream is still the same.
const streamCheckInterval = 5 * time.Second

// FollowUpdates calls f for each update of a stream from the given one on, in the order of the stream and one at a time, until
// ctx ends, f fails or the stream has changed. After an interruption it goes on where it was.
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
	// Not Consume: it may call its handler again while the last call still runs.
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
			base = "" // a stream that somebody else has made over
		}
		update := Update{Base: base, Seq: meta.Sequence.Stream, Data: raw.Data(), replySubject: raw.Headers().Get(ReplyHeader), bus: b}
		if err := f(update); err != nil {
			return err
		}
		next.Store(update.Seq + 1)
	}
}

// watchUpdates ends the following when the stream is another one: an ordered consumer would not notice.
func (b *Bus) watchUpdates(ctx context.Context, end context.CancelCauseFunc, stream string, next *atomic.Uint64) {
	ticker := time.NewTicker(streamCheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		before := next.Load()
		state, err := b.UpdatesState(ctx)
		if err == nil && (state.Stream != stream || state.Last+1 < before || state.First > next.Load()) {
			end(ErrStreamChanged)
			return
		}
	}
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

// Question is a request that somebody sent.
type Request struct {
	Data []byte
	msg  *nats.Msg
}

// HasReply says whether the one who asks waits for Reply.
func (q Request) WantsReply() bool { return q.msg.Reply != "" }

// Reply answers.
func (q Request) Respond(data []byte) error { return q.msg.Respond(data) }

// OnQuestion calls f, one call at a time, for each question on the subject that no other member of the group answers, until stop is called.
func (b *Bus) HandleRequests(subject, group string, f func(Request)) (stop func(), err error) {
	sub, err := b.conn.QueueSubscribe(b.subject(subject), b.subject(group), func(m *nats.Msg) { f(Request{m.Data, m}) })
	if err == nil {
		err = b.conn.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", subject, err)
	}
	return func() { sub.Unsubscribe() }, nil
}

// ErrNobody says that nobody is there to answer a question.
var ErrNoResponder = errors.New("nobody answers")

// Ask asks a question and reads the answer, JSON, into answer. ErrNobody if nobody listens or answers in time.
func (b *Bus) Request(ctx context.Context, subject string, question, answer any) error {
	data, err := json.Marshal(question)
	if err != nil {
		return err
	}
	msg, err := b.conn.RequestWithContext(ctx, b.subject(subject), data)
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ask on %s: %w", subject, ErrNoResponder)
	}
	if err != nil {
		return fmt.Errorf("ask on %s: %w", subject, err)
	}
	return json.Unmarshal(msg.Data, answer)
}
