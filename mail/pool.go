package mail

import "time"

// addWorker starts a worker if the destination needs one. If the pool is full, an idle worker of another destination is woken to end.
func (d *dispatcher) addWorker(dest *destination) {
	if dest.queued() <= dest.workers-dest.delivering || dest.workers >= dest.limits.connections {
		return
	}
	if d.workers < d.total {
		dest.workers++
		d.workers++
		d.running.Go(func() { d.work(dest) })
		return
	}
	for _, other := range d.destinations {
		if other.workers > other.delivering && len(other.ready) == 0 {
			other.wake()
			return
		}
	}
}

// work delivers the messages of a destination, until there have been none for timeouts.idle or another destination needs the worker.
func (d *dispatcher) work(dest *destination) {
	t := d.open()
	defer t.close()
	for delivered := false; ; delivered = true {
		next, ok := d.nextTask(dest, delivered)
		if !ok {
			return
		}
		destErr, err := d.mailer.attempt(d.sending, d.writing, t, next)
		d.mailer.leases.drop(next.item)
		d.mailer.logQueueError(err)
		if destErr != nil {
			d.mailer.requeue(d.writing, d.backOff(dest, destErr.minBackoff))
		}
		d.finish(dest, destErr == nil)
	}
}

// nextTask waits for a message. It returns false when the worker must end; the worker is then no longer counted.
func (d *dispatcher) nextTask(dest *destination, delivered bool) (next task, ok bool) {
	timer := time.NewTimer(d.mailer.timeouts.idle)
	defer timer.Stop()
	idle := false
	for {
		next, found, end := d.tryNextTask(dest, delivered, idle)
		if found || end {
			return next, found
		}
		select {
		case <-d.stopped:
		case <-dest.wakeup:
		case <-timer.C:
			idle = true
		}
	}
}

// tryNextTask returns a message if there is one. It ends the worker when the program stops, when the worker has been idle for too
// long, and when another destination needs it, unless it has delivered nothing yet.
func (d *dispatcher) tryNextTask(dest *destination, delivered, idle bool) (next task, found, end bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.stopped:
		end = true
	default:
		empty := len(dest.ready) == 0
		end = idle && empty || (delivered || empty) && d.workers >= d.total && d.starving(dest) != nil
	}
	switch {
	case end:
		d.removeWorker(dest)
	case len(dest.ready) > 0:
		var last bool
		if next, last = dest.pop(); last {
			d.mailer.store.wakeRun() // to lease more of the flow
		}
		found = true
		dest.delivering++
	}
	return next, found, end
}

func (d *dispatcher) finish(dest *destination, reachable bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dest.delivering--
	if reachable {
		dest.failures = 0
	}
}

// starving returns another destination that has messages and no worker, or nil.
func (d *dispatcher) starving(except *destination) *destination {
	for _, dest := range d.destinations {
		if dest != except && dest.workers == 0 && len(dest.ready) > 0 {
			return dest
		}
	}
	return nil
}

// removeWorker uncounts a worker that ends, and starts one for a destination that waits for it.
func (d *dispatcher) removeWorker(dest *destination) {
	dest.workers--
	d.workers--
	if other := d.starving(dest); other != nil {
		d.addWorker(other)
	}
}
