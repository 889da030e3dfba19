package mail

import (
	"context"
	"errors"
	"strings"
	"time"
)

// attempt delivers a message and stores the result. The first error is not nil if the destination failed, and not just this message;
// the second is the store's.
func (m *Mailer) attempt(sending, writing context.Context, t transport, next task) (*destinationError, error) {
	it, now := next.item, m.now()
	if until := max(next.leasedUntil.UnixMilli(), m.leasedUntil.Load()); now.Add(leaseTime/4).UnixMilli() > until {
		return nil, m.store.release(writing, it.Lease, it.ID)
	}
	if leased, err := m.store.isLeased(writing, it); err != nil || !leased {
		return nil, err
	}
	e, err := m.store.open(it)
	if err == nil && e.BounceLocal != "" {
		wanted, err := m.Known(writing, e.BounceLocal)
		if err != nil {
			return nil, err
		}
		if !wanted { // after Forget
			return nil, m.store.finish(writing, it)
		}
	}
	if now.UnixMilli() >= it.ExpiresAt {
		m.log.Warn("message expired before it could be delivered", "attempts", it.Attempts)
		return nil, m.giveUp(writing, it, e, it.Soft, softBounce)
	}
	if err == nil {
		ctx, messageSent, cancel := m.timeouts.context(sending)
		defer cancel()
		e.onSent = messageSent
		err = m.deliver(ctx, t, e)
	}
	var permanent *permanentError
	switch {
	case err == nil:
		m.lastAccepted.Store(now.UnixMilli())
		if m.config.Direct && e.Route == "" { // only the recipient's own server knows whether the address works
			m.logQueueError(m.clearSoftBounces(writing, e.bounceLocal()))
		}
		return nil, m.finishSent(writing, it)
	case errors.As(err, &permanent):
		m.log.Warn("message refused", "stage", permanent.stage, "reply", permanent.reply)
		return nil, m.giveUp(writing, it, e, true, m.classify(permanent.reply, e))
	case sending.Err() != nil:
		return nil, m.store.release(writing, it.Lease, it.ID)
	}
	return m.retryLater(writing, it, e, err)
}

// finishSent records that a server has accepted the message, and tries until the database takes it: otherwise it would be sent twice. Nobody
// sends it meanwhile, unless the database fails for longer than the lease; even then it is closed before another attempt looks at its
// lease.
func (m *Mailer) finishSent(ctx context.Context, it item) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, errorPause) {
		err := m.store.finishAnyway(ctx, it)
		if err == nil || ctx.Err() != nil {
			return err
		}
		m.log.Error("cannot record that a message was sent; will retry", "err", err, "delay", pause)
		sleep(ctx, nil, pause)
	}
}

// retryLater requeues a message after a temporary error.
func (m *Mailer) retryLater(ctx context.Context, it item, e envelope, err error) (*destinationError, error) {
	var temporary *temporaryError
	var dest *destinationError
	errors.As(err, &dest)
	soft := errors.As(err, &temporary) && m.classify(temporary.reply, e) != noBounce
	backoff := m.retryBackoff(it.Attempts + 1)
	m.log.Warn("message not delivered; will retry", "err", err, "attempts", it.Attempts+1, "delay", backoff)
	return dest, m.store.retry(ctx, it, backoff, soft)
}

// onlineTime is how long after a server accepted a message we count as connected to the internet.
const onlineTime = time.Hour

// classify is the function classify, except that an unreachable server is no bounce while no server at all can be reached.
func (m *Mailer) classify(r reply, e envelope) bounceKind {
	offline := m.now().UnixMilli()-m.lastAccepted.Load() > onlineTime.Milliseconds()
	if offline && (r.stage == "connect" || r == errNoDomain.reply || r == errDNS.reply) {
		return noBounce
	}
	return classify(r, m.config.Direct && e.Route == "")
}

// giveUp removes a message from the queue, after it has recorded the bounce if there is one. If that fails, the message is tried again.
func (m *Mailer) giveUp(ctx context.Context, it item, e envelope, bounced bool, kind bounceKind) error {
	if bounced {
		if err := m.recordBounce(ctx, e.bounceLocal(), kind); err != nil {
			return errors.Join(err, m.store.retry(ctx, it, m.retryBackoff(it.Attempts+1), it.Soft))
		}
	}
	return m.store.finish(ctx, it)
}

// bounceLocal is the local part of the bounce address; of messages that were queued by old versions it is known from the sender only.
func (e envelope) bounceLocal() string {
	if e.BounceLocal != "" {
		return e.BounceLocal
	}
	return localOf(e.From)
}

func localOf(address string) string { return address[:max(strings.LastIndexByte(address, '@'), 0)] }

func (m *Mailer) deliver(ctx context.Context, t transport, e envelope) error {
	if e.Route == "" { // the server of a route signs for its own domain
		signed, err := m.signer.sign(e.Message)
		if err != nil {
			return err
		}
		e.Message = signed
	}
	err := recovered(func() error { return t.deliver(ctx, e) })
	if errors.Is(err, errPanic) {
		t.close() // the connection is in an unknown state
	}
	var dest *destinationError
	if isDestinationError(err) && !errors.As(err, &dest) {
		return &destinationError{error: err}
	}
	return err
}
