package mail

import "time"

// staff starts a worker if the place has use for one. If all places together have too many, one that is idle gives up its room.
func (l *lanes) staff(p *place) {
	if p.waiting() <= p.workers-p.delivering || p.workers >= p.limits.perPlace {
		return
	}
	if l.workers < l.total {
		p.workers++
		l.workers++
		l.running.Go(func() { l.work(p) })
		return
	}
	for _, other := range l.places {
		if other.workers > other.delivering && len(other.turns) == 0 {
			other.wake()
			return
		}
	}
}

// work delivers the mails of a place until there have been none for idleTime, or another place needs the worker more.
func (l *lanes) work(p *place) {
	t := l.open()
	defer t.close()
	for served := false; ; served = true {
		next, ok := l.next(p, served)
		if !ok {
			return
		}
		away, err := l.mailer.attempt(l.sending, l.writing, t, next)
		l.mailer.hand.drop(next.row)
		l.mailer.failed(err)
		if away != nil {
			l.mailer.giveBack(l.writing, l.hold(p, away.least))
		}
		l.done(p, away == nil)
	}
}

// next returns false when the worker must end, which is written down then.
func (l *lanes) next(p *place, served bool) (task, bool) {
	idle := time.NewTimer(idleTime)
	defer idle.Stop()
	over := false
	for {
		next, found, ended := l.take(p, served, over)
		if found || ended {
			return next, found
		}
		select {
		case <-l.stopped:
		case <-p.news:
		case <-idle.C:
			over = true
		}
	}
}

// take gives a worker a mail of its place. It ends the worker when the program ends, when it has been idle for too long, and when
// another place needs its room, unless it has served none yet.
func (l *lanes) take(p *place, served, over bool) (next task, found, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.stopped:
		ended = true
	default:
		unneeded := len(p.turns) == 0
		ended = over && unneeded || (served || unneeded) && l.workers >= l.total && l.needed(p) != nil
	}
	switch {
	case ended:
		l.leave(p)
	case len(p.turns) > 0:
		var last bool
		if next, last = p.take(); last {
			l.mailer.queue.poke() // the lane may have more
		}
		found = true
		p.delivering++
	}
	return next, found, ended
}

func (l *lanes) done(p *place, answered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.delivering--
	if answered {
		p.failed = 0
	}
}

// needed is another place that waits for a worker and has none.
func (l *lanes) needed(than *place) *place {
	for _, p := range l.places {
		if p != than && p.workers == 0 && len(p.turns) > 0 {
			return p
		}
	}
	return nil
}

// leave counts a worker that ends, and lets another place have its room.
func (l *lanes) leave(p *place) {
	p.workers--
	l.workers--
	if other := l.needed(p); other != nil {
		l.staff(other)
	}
}
