package mail

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	graceTime  = 3 * time.Second // for deliveries in progress when the program ends
	writeTime  = 4 * time.Second // for storing their results
	errorPause = 5 * time.Second // after a database error
	pruneTime  = time.Hour       // between two prunings of the tables
)

// Run delivers until ctx ends. Deliveries in progress then get 3 seconds; those that take longer are left for the next start. It returns
// within 5 seconds. Only one Run of a Mailer may be active.
func (m *Mailer) Run(ctx context.Context) error {
	if err := m.store.releaseAll(ctx); err != nil {
		return err
	}
	return m.run(ctx)
}

func (m *Mailer) run(ctx context.Context) error {
	sending, cancel := extend(ctx, graceTime)
	defer cancel()
	writing, cancel := extend(ctx, writeTime)
	defer cancel()

	open, err := m.newTransport()
	if err != nil {
		return err
	}
	d := newDispatcher(m, func() transport { return &routeTransport{transport: open(), mailer: m} }, sending, writing)
	var renewing sync.WaitGroup
	renewing.Go(func() { m.renewLeases(ctx) })
	m.dispatch(ctx, writing, d)
	d.stop()
	renewing.Wait()
	return nil
}

// extend returns a context that ends d after ctx.
func extend(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() { stop(); cancel() }
}

// dispatch leases messages that are due and queues them for the workers, until ctx ends.
func (m *Mailer) dispatch(ctx, writing context.Context, d *dispatcher) {
	var pruned time.Time
	for ctx.Err() == nil {
		if now := m.now(); now.Sub(pruned) > pruneTime {
			m.logQueueError(m.store.prune(ctx))
			if err := pruneOutbox(m.config.Outbox, now); err != nil && m.config.Outbox != "" {
				m.log.Error("cannot delete old messages from the outbox", "err", err)
			}
			pruned = now
		}
		busy, _ := d.busy()
		items, until, err := m.store.lease(ctx, busy)
		switch {
		case err != nil:
			m.logQueueError(err)
			sleep(ctx, nil, errorPause)
		case len(items) > 0:
			m.leases.add(items)
			m.requeue(writing, d.add(items, until))
		default:
			m.waitForDue(ctx, d)
		}
	}
}

// requeue ends the leases of messages that were not tried.
func (m *Mailer) requeue(ctx context.Context, items []item) {
	ids := map[string][]uint64{}
	for _, it := range items {
		ids[it.Lease] = append(ids[it.Lease], it.ID)
	}
	for lease, ids := range ids {
		m.logQueueError(m.store.release(ctx, lease, ids...))
	}
	m.leases.drop(items...)
}

// waitForDue returns when there may be something to deliver.
func (m *Mailer) waitForDue(ctx context.Context, d *dispatcher) {
	busy, ready := d.busy()
	wait, err := m.store.nextDue(ctx, busy)
	if err != nil {
		m.logQueueError(err)
		sleep(ctx, nil, errorPause)
		return
	}
	if !ready.IsZero() {
		wait = min(wait, ready.Sub(m.now()))
	}
	sleep(ctx, m.store.wake, max(wait, 10*time.Millisecond))
}

// sleep returns after d, or when ctx ends, or when wake receives.
func sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// logQueueError logs a database error. The messages stay in the queue.
func (m *Mailer) logQueueError(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		m.log.Error("mail queue not updated; messages stay queued and may be sent twice", "err", err)
	}
}
