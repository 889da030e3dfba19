package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// AnswerHeader of an update names the subject on which its sender wants to hear what became of it.
const AnswerHeader = "Linienfunk-Answer"

// Update is a message of the stream SETTINGS.
type Update struct {
	Base string // the last token of its subject
	Seq  uint64 // in the stream: without gaps, unless messages were trimmed
	Data []byte

	answer string
	conn   *nats.Conn
}

// Answer tells the sender what became of the update, if it wants to know.
func (u Update) Answer(data []byte) error {
	if u.answer == "" {
		return nil
	}
	return u.conn.Publish(u.answer, data)
}

// PutUpdate stores an update and returns its place in the stream. One with an id that was stored a moment ago is not stored again.
func (b *Bus) PutUpdate(ctx context.Context, base, id string, data []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ack, err := b.js.Publish(ctx, b.subject("settings.update", base), data, jetstream.WithMsgID(id))
	if err != nil {
		return 0, fmt.Errorf("store update: %w", err)
	}
	return ack.Sequence, nil
}

// Updates says where the stream SETTINGS stands.
type Updates struct {
	Stream string // changes when the stream is made anew, and its sequence begins again
	First  uint64 // the first message that is left; one more than Last if none is
	Last   uint64
}

// UpdatesState asks where the stream stands.
func (b *Bus) UpdatesState(ctx context.Context) (Updates, error) {
	stream, err := b.js.Stream(ctx, b.stream("SETTINGS"))
	if err != nil {
		return Updates{}, fmt.Errorf("look at updates: %w", err)
	}
	info := stream.CachedInfo()
	state := Updates{Stream: info.Created.UTC().Format(time.RFC3339Nano), First: info.State.FirstSeq, Last: info.State.LastSeq}
	if info.State.Msgs == 0 {
		state.First = state.Last + 1
	}
	return state, nil
}

// FollowUpdates calls f for each update from the given one on, in the order of the stream and one at a time, until ctx ends or the
// stream is gone. After an interruption it goes on where it was; what was trimmed meanwhile is missing, and Seq shows it.
func (b *Bus) FollowUpdates(ctx context.Context, from uint64, f func(Update)) error {
	consumer, err := b.js.OrderedConsumer(ctx, b.stream("SETTINGS"), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(from, 1),
	})
	if err != nil {
		return fmt.Errorf("follow updates: %w", err)
	}
	skip := len(b.subject("settings.update."))
	failed := make(chan error, 1)
	running, err := consumer.Consume(func(raw jetstream.Msg) {
		meta, err := raw.Metadata()
		if err != nil || ctx.Err() != nil {
			return
		}
		f(Update{
			Base: raw.Subject()[skip:], Seq: meta.Sequence.Stream, Data: raw.Data(),
			answer: raw.Headers().Get(AnswerHeader), conn: b.conn,
		})
	}, jetstream.PullHeartbeat(time.Second), jetstream.PullExpiry(30*time.Second), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			select {
			case failed <- err:
			default:
			}
		}
		b.config.Log.Debug("follow updates", "err", err)
	}))
	if err != nil {
		return fmt.Errorf("follow updates: %w", err)
	}
	defer func() {
		running.Stop()
		<-running.Closed()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return fmt.Errorf("follow updates: %w", err)
	case <-running.Closed():
		return errors.New("follow updates: the server has ended it")
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
type Question struct {
	Data []byte
	msg  *nats.Msg
}

// HasReply says whether the one who asks waits for Reply.
func (q Question) HasReply() bool { return q.msg.Reply != "" }

// Reply answers.
func (q Question) Reply(data []byte) error { return q.msg.Respond(data) }

// OnQuestion calls f, one call at a time, for each question on the subject that no other member of the group answers, until stop is called.
func (b *Bus) OnQuestion(subject, group string, f func(Question)) (stop func(), err error) {
	sub, err := b.conn.QueueSubscribe(b.subject(subject), b.subject(group), func(m *nats.Msg) { f(Question{m.Data, m}) })
	if err == nil {
		err = b.conn.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", subject, err)
	}
	return func() { sub.Unsubscribe() }, nil
}

// ErrNobody says that nobody is there to answer a question.
var ErrNobody = errors.New("nobody answers")

// Ask asks a question and reads the answer, JSON, into answer. ErrNobody if nobody listens or answers in time.
func (b *Bus) Ask(ctx context.Context, subject string, question, answer any) error {
	data, err := json.Marshal(question)
	if err != nil {
		return err
	}
	msg, err := b.conn.RequestWithContext(ctx, b.subject(subject), data)
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ask on %s: %w", subject, ErrNobody)
	}
	if err != nil {
		return fmt.Errorf("ask on %s: %w", subject, err)
	}
	return json.Unmarshal(msg.Data, answer)
}
