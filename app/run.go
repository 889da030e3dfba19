package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"linienfunk/internal/config"
	"linienfunk/report"
)

// URL is the address of the web server on this machine.
func (p *Program) URL() string { return localURL(p.http.Addr().String()) }

// SMTPAddr is the address of the SMTP server, or empty on a node that receives no mail.
func (p *Program) SMTPAddr() string {
	if p.smtp == nil {
		return ""
	}
	return p.smtp.Addr().String()
}

func localURL(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Run runs all parts until ctx ends or one of them fails, then stops the others and waits for them.
func (p *Program) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	for name, run := range p.parts() {
		parts.Go(func() {
			err := run(ctx)
			if ctx.Err() == nil {
				cancel(fmt.Errorf("%s ended: %w", name, orNone(err)))
			}
		})
	}
	<-ctx.Done()
	p.log.Info("stopping")
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// parts are the parts that run on this node, by their names in errors. Every node answers health checks, and knows settings and accounts.
func (p *Program) parts() map[string]func(context.Context) error {
	parts := map[string]func(context.Context) error{"pages": p.serveHTTP, "supervisor": p.supervisor.Run, "bus": p.bus.Run, "instance": p.followInstance, "networks": p.readers.Run, "commands": p.serveSocket}
	if p.metrics != nil {
		parts["metrics"] = p.serveMetrics
	}
	if p.config.Has(config.RoleMail) {
		parts["mail"] = p.mail.Run
	}
	if p.config.Has(config.RoleCensor) {
		parts["censor"], parts["notices"] = p.runCensor, p.runNotices
	}
	if p.config.Has(config.RoleFrontend) {
		parts["prune"], parts["feeds"], parts["api"], parts["deletion"] = p.prune, p.imports.Run, p.api.Run, p.endCities
	}
	return parts
}

// runCensor begins when it is known which networks each city has, so that no report is recorded for others.
func (p *Program) runCensor(ctx context.Context) error {
	p.directory.WaitListed(ctx)
	return p.censor.Run(ctx)
}

// publish stores what a page or a command hands in.
func (p *Program) publish(ctx context.Context, r report.Report) error {
	return p.supervisor.Publish(ctx, r)
}

func orNone(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

func (p *Program) serveHTTP(ctx context.Context) error {
	handler := p.frontend.HealthHandler()
	if p.config.Has(config.RoleFrontend) {
		handler = p.frontend.Handler()
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	err := serveUntil(ctx, server, p.http)
	p.frontend.Accounts.Wait()
	return err
}

// pruneEvery is how often expired links, sessions and networks are deleted, and numbers added up.
const pruneEvery = 10 * time.Minute

func (p *Program) prune(ctx context.Context) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		if err := p.frontend.Accounts.Prune(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot prune", "err", err)
		}
		if err := p.commands.Prune(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot prune calls of commands", "err", err)
		}
		if err := p.api.Prune(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot prune what the API keeps", "err", err)
		}
		if err := p.pruneNetworks(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot prune networks", "err", err)
		}
		if err := p.foldNumbers(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot add up numbers", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
