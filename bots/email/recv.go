package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/bots"
)

// Limits of the SMTP server.
const (
	maxMessage    = 10 << 20 // bytes, announced by SIZE
	maxLine       = 64 << 10 // bytes, of a command and in a message: RFC 5321 wants 1,000, some clients send whole paragraphs
	maxRecipients = 50
	maxMistakes   = 50              // refused recipients in one connection
	readTimeout   = 5 * time.Minute // for the next command, or for one whole message
	writeTimeout  = time.Minute
	storeTimeout  = 30 * time.Second // for out
	endTimeout    = 4 * time.Second  // for mails that are being stored when the program ends
)

// Listen serves SMTP, and LMTP if the operator wants it. When one of them breaks, both end, to be started again.
func (b *Bot) Listen(ctx context.Context, out bots.CityOut) error {
	storing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	backend := &backend{bot: b, out: out, ctx: storing}
	doors, err := b.doors(backend)
	if err != nil {
		return err
	}
	served := make(chan error, len(doors))
	for _, d := range doors {
		go func() { served <- d.server.Serve(d.gate) }()
	}
	running := len(doors)
	select {
	case err = <-served: // the listener broke
		running--
		err = fmt.Errorf("accept mail connections: %w", err)
	case <-ctx.Done():
	}
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer stop()
	var closing sync.WaitGroup
	for _, d := range doors {
		d.gate.end()
		closing.Go(func() { d.server.Shutdown(ending) }) // its error says that the time is over
	}
	closing.Wait()
	cancel()
	for _, d := range doors {
		d.gate.abort()
	}
	for range running {
		<-served
	}
	backend.wait()
	return err
}

// door is one way in.
type door struct {
	gate   *gate
	server *smtp.Server
}

func (b *Bot) doors(backend smtp.Backend) ([]door, error) {
	listener, err := b.mail.Listen()
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	doors := []door{{newGate(listener, b.relays, false), b.server(backend)}}
	if b.lmtp == nil {
		return doors, nil
	}
	inner, err := b.lmtp.open()
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	server := b.server(backend)
	server.LMTP, server.TLSConfig = true, nil
	return append(doors, door{newGate(inner, b.relays, true), server}), nil
}

func (b *Bot) server(backend smtp.Backend) *smtp.Server {
	s := smtp.NewServer(backend)
	s.Domain = b.mail.Domain
	s.TLSConfig = b.mail.TLS
	s.MaxMessageBytes = maxMessage
	s.MaxLineLength = maxLine
	s.MaxRecipients = maxRecipients
	s.ReadTimeout, s.WriteTimeout = readTimeout, writeTimeout
	s.EnableSMTPUTF8 = true
	s.ErrorLog = discreet{b.core.Log}
	return s
}

// discreet logs what go-smtp reports, without the addresses of riders' devices in it.
type discreet struct{ log *slog.Logger }

func (d discreet) Printf(format string, v ...any) {
	if strings.HasPrefix(format, "panic") && len(v) == 3 {
		d.log.Error("panic in the SMTP server", "panic", fmt.Sprintf("%T", v[1]), "stack", string(v[2].([]byte)))
		return
	}
	d.log.Debug("SMTP connection broke")
}

func (d discreet) Println(...any) { d.log.Debug("SMTP connection broke") }

type backend struct {
	bot *Bot
	out bots.CityOut
	ctx context.Context // ends when what is being stored has had its time

	mu    sync.Mutex
	ended bool
	busy  sync.WaitGroup // messages being read or stored: go-smtp does not wait for those that come by BDAT
}

// enter says whether a message may still be read; then busy.Done must follow.
func (b *backend) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.busy.Add(1)
	}
	return !b.ended
}

// wait lets no more messages in and waits for those that are.
func (b *backend) wait() {
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
	b.busy.Wait()
}

func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s := &session{backend: b, conn: accepted(c.Conn()), hostname: c.Hostname}
	if c.Server().LMTP {
		return lmtpSession{s}, nil
	}
	return s, nil
}

// isTooLong says whether reading ended at a line that is too long.
func isTooLong(err error) bool { return errors.Is(err, smtp.ErrTooLongLine) }
