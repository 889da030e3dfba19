package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"

	"linienfunk/bots"
	"linienfunk/db"
	"linienfunk/internal/config"
	"linienfunk/internal/outgoing"
	"linienfunk/mail"
	"linienfunk/settings"
	"linienfunk/supervisor"
)

func (p *Program) openMail(context.Context) error {
	tables, err := p.db.Prefixed("mail_")
	if err != nil {
		return err
	}
	c, private := mailConfig(p.config), p.config.Outgoing.AllowPrivate
	c.Dial = outgoing.Dialer(private).DialContext
	switch p.config.Mail.DeliveryMode() {
	case config.Direct:
		c.Resolver, c.HTTP = net.DefaultResolver, outgoing.Client(private, p.userAgent())
	case config.Outbox:
		p.log.Warn("outgoing mail goes into files; mail.smarthost or mail.delivery = \"direct\" would send it", "directory", c.Outbox)
	}
	delivers := p.config.Has(config.RoleMail)
	if !delivers {
		c.Queued = p.announceMail
	}
	if p.mail, err = mail.New(tables, p.box, c, p.log.With("part", "mail"), p.now); err != nil || !delivers {
		return err
	}
	stop, err := p.bus.Subscribe(queuedSubject, func(string, []byte) { p.mail.Wake() })
	if err == nil {
		p.onClose(func() error { stop(); return nil })
	}
	return err
}

// queuedSubject announces that a node that delivers no mail has stored some.
const queuedSubject = "mail.queued"

func (p *Program) announceMail() {
	if err := p.bus.Notify(queuedSubject, nil); err != nil {
		p.log.Warn("mail leaves up to a minute later: cannot notify the nodes that deliver it", "err", err)
	}
}

// mailConfig returns the configuration of outgoing mail, without the resolver and clients of direct delivery.
func mailConfig(all config.Config) mail.Config {
	set := all.Mail
	c := mail.Config{Domain: set.Domain, Hostname: set.Hostname, CAFile: set.CAFile, DKIMKey: set.DKIMKey}
	if c.DKIMKey != "" {
		c.DKIMSelector = set.DKIMSelector
	}
	switch set.DeliveryMode() {
	case config.Smarthost:
		c.Smarthost, c.User, c.Password = set.Smarthost, set.User, set.Password
	case config.Direct:
		c.Direct = true
	default:
		c.Outbox = filepath.Join(all.Data, "outbox")
	}
	return c
}

// connectMail gives a mail network the queue and the inbound SMTP server, and registers it for bounces of its messages.
func (p *Program) connectMail(name string, network mail.Network, inbound *tls.Config) error {
	service := p.mail.Service(name)
	service.Listen, service.TLS = p.smtp.open, inbound
	service.Warn = func(ctx context.Context, city, key, say string) {
		p.frontend.Cities.AccountWarned(ctx, bots.Account{City: city, Revision: key}, supervisor.Status{Bot: name, Detail: say})
	}
	service.Ended = func(ctx context.Context, city string) (bool, string, error) {
		row, err := p.db.Ended(ctx, city)
		if errors.Is(err, db.ErrNotFound) {
			return false, "", nil
		}
		return err == nil, row.MovedTo, err
	}
	service.Suspended = func(city string) bool {
		snapshot, _, _ := p.settings.Get(context.Background(), city) // reads memory
		return snapshot.Stop.Kind == settings.Suspended
	}
	p.mail.Register(name, network)
	return network.UseMail(service)
}
