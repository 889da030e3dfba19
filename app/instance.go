package app

import (
	"context"
	"time"

	"linienfunk/commands"
	"linienfunk/supervisor"
)

// instanceSubject announces that something about the whole instance has changed. instanceEvery is how often each node reads it anyway, since announcements may get lost.
const (
	instanceSubject = "instance.changed"
	instanceEvery   = time.Minute
)

// openInstance reads what the operator has decided, before the first report is judged.
func (p *Program) openInstance(ctx context.Context) error {
	p.instance = make(chan struct{}, 1)
	p.settings.OnChange(func(city string) { p.dropPages(city) })
	stop, err := p.bus.Subscribe(instanceSubject, func(string, []byte) {
		select {
		case p.instance <- struct{}{}:
		default: // it is read soon
		}
	})
	if err != nil {
		return err
	}
	p.onClose(func() error { stop(); return nil })
	return p.readInstance(ctx)
}

// readInstance brings this node up to what is stored.
func (p *Program) readInstance(ctx context.Context) error {
	stops, err := p.commands.Stops(ctx)
	if err != nil {
		return err
	}
	p.settings.SetStops(stops)
	changed, err := p.commands.ReadBlocks(ctx)
	if changed {
		p.notifyNodes(supervisor.AccountHint("", "_")) // accounts on a server that is blocked now, or not any more
	}
	return err
}

// instanceChanged makes a change hold on this node, and announces it to the others.
func (p *Program) instanceChanged(ctx context.Context) error {
	err := p.readInstance(ctx)
	if failed := p.bus.Notify(instanceSubject, nil); failed != nil {
		p.log.Warn("cannot notify the other nodes", "subject", instanceSubject, "err", failed)
	}
	return err
}

// followInstance reads what is stored about the instance when it has changed, until ctx ends.
func (p *Program) followInstance(ctx context.Context) error {
	ticker := time.NewTicker(instanceEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case <-p.instance:
		}
		if err := p.readInstance(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot read what the operator has decided", "err", err)
		}
	}
}

// instanceStatus is the result of the command "instance status".
func (p *Program) instanceStatus(ctx context.Context) (s commands.InstanceStatus, err error) {
	s.Version = version()
	intake, _, err := p.bus.Unjudged(ctx)
	if err != nil {
		return s, err
	}
	s.Intake = int(intake)
	list, err := p.db.Waiting(ctx)
	if err != nil {
		return s, err
	}
	for _, one := range list {
		s.Deliveries += int(one.Deliveries)
	}
	var mails int64
	err = p.db.WithContext(ctx).Table("mail_messages").Where("open = ?", true).Count(&mails).Error
	s.Mails = int(mails)
	return s, err
}
