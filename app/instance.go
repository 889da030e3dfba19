package app

import (
	"context"
	"errors"
	"os"
	"time"

	"linienfunk/commands"
	"linienfunk/db"
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
	if err := p.missOperators(ctx); err != nil {
		return err
	}
	return p.readInstance(ctx)
}

// missOperators says in the log which operators cannot log in yet: an account comes with a city.
func (p *Program) missOperators(ctx context.Context) error {
	for _, address := range p.config.Operators() {
		admin, err := p.db.AdminByAddress(ctx, address)
		if err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		if !admin.Confirmed {
			p.log.Warn("an address in the key operator has no account, so that it cannot open the page of the operator: register a city with it, or invite it to one", "address", address)
		}
	}
	return nil
}

// readInstance brings this node up to what is stored.
func (p *Program) readInstance(ctx context.Context) error {
	stops, err := p.commands.Stops(ctx)
	if err != nil {
		return err
	}
	moves, err := p.commands.Moves(ctx)
	if err != nil {
		return err
	}
	p.settings.SetStops(stops)
	p.settings.SetMoves(moves)
	if err := p.commands.ReadAnnouncements(ctx); err != nil {
		return err
	}
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

// partTime is how long each part of the program may take to say how it is.
const partTime = 3 * time.Second

// instanceStatus is the result of the command "instance status". What cannot be read is named in it: an operator looks there when something is broken.
func (p *Program) instanceStatus(ctx context.Context) (commands.InstanceStatus, error) {
	s := commands.InstanceStatus{Version: version(), Streams: []commands.StreamSize{}, Nodes: []commands.InstanceNode{}, Unread: []string{}}
	for _, part := range []struct {
		name string
		read func(context.Context, *commands.InstanceStatus) error
	}{{"broker", p.brokerStatus}, {"ledger", p.ledgerStatus}, {"mails", p.mailStatus}, {"database", p.databaseStatus}, {"nodes", p.nodesStatus}} {
		limited, cancel := context.WithTimeout(ctx, partTime)
		err := part.read(limited, &s)
		cancel()
		if err != nil {
			p.log.Warn("a part of the instance does not say how it is", "part", part.name, "err", err)
			s.Unread = append(s.Unread, part.name)
		}
	}
	return s, nil
}

func (p *Program) brokerStatus(ctx context.Context, s *commands.InstanceStatus) error {
	intake, _, err := p.bus.Unjudged(ctx)
	if err != nil {
		return err
	}
	sizes, err := p.bus.Sizes(ctx)
	for _, one := range sizes {
		s.Streams = append(s.Streams, commands.StreamSize{Name: one.Name, Messages: int(one.Messages), Bytes: int(one.Bytes)})
	}
	s.Intake = int(intake)
	return err
}

func (p *Program) ledgerStatus(ctx context.Context, s *commands.InstanceStatus) error {
	list, err := p.db.Waiting(ctx)
	for _, one := range list {
		s.Deliveries += int(one.Deliveries)
	}
	return err
}

func (p *Program) mailStatus(ctx context.Context, s *commands.InstanceStatus) error {
	var mails int64
	err := p.db.WithContext(ctx).Table("mail_messages").Where("open = ?", true).Count(&mails).Error
	s.Mails = int(mails)
	return err
}

func (p *Program) databaseStatus(ctx context.Context, s *commands.InstanceStatus) error {
	bytes, err := p.db.Size(ctx)
	s.Database = int(bytes)
	return err
}

// nodesStatus lists the nodes. One with the embedded broker is alone, and in no list.
func (p *Program) nodesStatus(ctx context.Context, s *commands.InstanceStatus) error {
	if p.config.NATS.URL == "" {
		host, _ := os.Hostname()
		s.Nodes = append(s.Nodes, commands.InstanceNode{Host: host, Version: version(), Started: p.started, Running: true, Shards: p.bus.Shards(), Judges: true})
		return nil
	}
	nodes, now, err := p.db.Nodes(ctx)
	for _, n := range nodes {
		one := commands.InstanceNode{Host: n.Host, Version: n.Version, Roles: n.Roles, Started: n.Started, Running: !n.Until.Before(now), Judges: n.Judges}
		if one.Running {
			one.Shards = len(n.Shards)
		} else {
			one.Gone, one.Judges = n.Until, false
		}
		s.Nodes = append(s.Nodes, one)
	}
	return err
}
