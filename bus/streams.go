package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"linienfunk/internal/wait"
)

func (b *Bus) createStreams(ctx context.Context) error {
	streams := []jetstream.StreamConfig{
		{Name: b.stream("SETTINGS"), Subjects: []string{b.subject("settings.update.*")}, MaxMsgSize: 1 << 20}, // no limits: TrimUpdates purges it
		{Name: b.stream("REPORTS"), Subjects: []string{b.subject("report.in.>")}, MaxAge: messageAge},         // purge removes what is judged
	}
	if err := b.makeRoomForReports(ctx); err != nil {
		return err
	}
	for _, stream := range streams {
		stream.Storage, stream.Replicas = jetstream.FileStorage, cmp.Or(b.config.Replicas, 1)
		if err := b.createStream(ctx, stream); err != nil {
			return fmt.Errorf("create stream %s: %w", stream.Name, err)
		}
	}
	return nil
}

// createStream creates a stream, or changes it to what is wanted now. It tries again after errStreamCreate, up to 5 times: nats-server 2.9.10
// returned it once while other clients created and deleted streams. The cause is not known.
func (b *Bus) createStream(ctx context.Context, stream jetstream.StreamConfig) error {
	const tries = 5
	for try := 1; ; try++ {
		_, err := b.js.CreateOrUpdateStream(ctx, stream)
		if try == tries || errorCode(err) != errStreamCreate {
			return err
		}
	}
}

// Errors of nats-server: JSClusterNoPeersErrF, JSClusterNotAvailErr, JSClusterNotLeaderErr, JSInsufficientResourcesErr, JSStreamCreateErrF ("error
// creating store for stream") and JSStreamReplicasNotSupportedErr.
const (
	errNoPeers       jetstream.ErrorCode = 10005
	errNotAvailable  jetstream.ErrorCode = 10008
	errNotLeader     jetstream.ErrorCode = 10009
	errNoResources   jetstream.ErrorCode = 10023
	errStreamCreate  jetstream.ErrorCode = 10049
	errNotInACluster jetstream.ErrorCode = 10074
)

// errorCode returns the code of the server's error; 0 if it is none.
func errorCode(err error) jetstream.ErrorCode {
	var refused *jetstream.APIError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return 0
}

// electionTime is how long a cluster may take to elect its leaders, answerTime how long a leader may take to answer: a request that is sent during an
// election gets no answer.
const (
	electionTime = 30 * time.Second
	answerTime   = 5 * time.Second
)

// whileElecting tries step again while the cluster does not answer because it elects leaders.
func (b *Bus) whileElecting(ctx context.Context, step func(context.Context) error) error {
	if b.embedded != nil {
		return step(ctx)
	}
	until := time.Now().Add(electionTime)
	for {
		limited, cancel := context.WithTimeout(ctx, answerTime)
		err := step(limited)
		cancel()
		if err == nil || ctx.Err() != nil || !isElecting(err) || time.Now().After(until) {
			return err
		}
		b.config.Log.Warn("NATS does not answer, as while it elects a leader; will retry", "err", err)
		wait.For(ctx, 200*time.Millisecond)
	}
}

// isElecting reports whether an error is one that passes when a cluster has leaders.
func isElecting(err error) bool {
	code := errorCode(err)
	return code == errNotAvailable || code == errNotLeader || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout)
}

// findJetStream returns an error unless JetStream answers.
func (b *Bus) findJetStream(ctx context.Context) error {
	if b.embedded != nil {
		return nil
	}
	_, err := b.js.AccountInfo(ctx)
	return err
}

// explainJetStream says what would be right.
func (b *Bus) explainJetStream(err error) error {
	code := errorCode(err)
	switch {
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("nats.url: JetStream is switched off at the server; start it with -js, or with jetstream {} in its configuration (%w)", err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("nats.url: the user's account may not use JetStream; allow it in the server's configuration (%w)", err)
	case code == errNotInACluster:
		return fmt.Errorf("nats.replicas: wants 1, since the server is not in a cluster (%w)", err)
	case code == errNoPeers || code == errNoResources && b.config.Replicas > 1:
		return fmt.Errorf("nats.replicas: the cluster has fewer than %d servers with JetStream that can store messages; start more, or lower nats.replicas (%w)", b.config.Replicas, err)
	case isElecting(err):
		return fmt.Errorf("nats.url: JetStream does not answer; does more than half of the cluster run? (%w)", err)
	}
	return err
}
