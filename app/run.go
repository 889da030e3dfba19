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
)

// URL is the address of the web server on this machine.
func (p *Program) URL() string { return localURL(p.http.Addr().String()) }

// SMTPAddr is the address of the SMTP server.
func (p *Program) SMTPAddr() string { return p.smtp.Addr().String() }

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

// stopTime is how long open requests may take to finish when the program stops.
const stopTime = 5 * time.Second

// Run runs all parts until ctx ends or one of them fails, then stops the others and waits for them.
func (p *Program) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var parts sync.WaitGroup
	for name, run := range map[string]func(context.Context) error{
		"pages": p.serveHTTP, "mail": p.mail.Run, "supervisor": p.supervisor.Run, "censor": p.runCensor,
		"prune": p.prune, "bus": p.bus.Run,
	} {
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

// runCensor begins when it is known which networks each city has, so that no report is recorded for others.
func (p *Program) runCensor(ctx context.Context) error {
	p.directory.WaitListed(ctx)
	return p.censor.Run(ctx)
}

func orNone(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

func (p *Program) serveHTTP(ctx context.Context) error {
	server := &http.Server{
		Handler: p.frontend.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(p.http) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		server.Close()
	}
	p.frontend.Accounts.Wait()
	return <-served
}

// pruneEvery is how often expired links and sessions are deleted.
const pruneEvery = 10 * time.Minute

func (p *Program) prune(ctx context.Context) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		if err := p.frontend.Accounts.Prune(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot prune", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
