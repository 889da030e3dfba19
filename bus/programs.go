package bus

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bus/programs"
)

// Programs that cities run elsewhere connect to a server of their own in this process (see programsServer), or to the external servers. There their
// subjects begin with remoteToken, since report.in and report.out have other meanings for this program itself.
const remoteToken = "remote"

// askAgain is how long a program has for its answer before it gets the message again.
const askAgain = 5 * time.Second

// drainTime is how long requests of programs that are on their way are waited for, when this program stops.
const drainTime = 2 * time.Second

// ProgramsOf returns the subjects of a user with external servers that have this nats.prefix.
func ProgramsOf(prefix, user string) programs.Subjects {
	b := &Bus{config: Config{Prefix: prefix}}
	return subjectsBelow(b.subject(remoteToken)+".", user)
}

func subjectsBelow(start, user string) programs.Subjects {
	return programs.Subjects{In: start + "report.in." + user, Out: start + "report.out." + user, Inbox: "_INBOX." + start + user}
}

// programsLink connects this program to the programs of cities.
type programsLink struct {
	conn   *nats.Conn
	start  string // of the subjects, with a dot at the end; may be empty
	closed context.Context

	mu      sync.Mutex
	inbox   string                    // where answers arrive, with a dot at the end; empty until the first question
	waiting map[string]chan *nats.Msg // by the token behind inbox
	again   time.Duration
}

// Programs returns the service for programs, without Waiting. Programs connect to the external servers, or to the port of Config.Listen. authenticate
// decides who may connect to the latter; until Programs is called connections to the port wait.
func (b *Bus) Programs(authenticate func(ctx context.Context, user, password, address string) (bool, error)) programs.Service {
	link := &programsLink{conn: b.conn, closed: b.stopped, waiting: map[string]chan *nats.Msg{}, again: askAgain}
	s := programs.Service{
		Subjects: func(user string) programs.Subjects { return subjectsBelow(link.start, user) },
		Receive:  link.receive, Ask: link.ask, Kick: func(string) {}, Connected: func(string) bool { return false },
	}
	switch {
	case b.config.URL != "":
		s.Servers, link.start = true, b.subject(remoteToken)+"."
	case b.programs != nil:
		link.conn = b.programs.conn
		s.Port, s.Secure, s.CA = b.programs.port(), b.programs.listen.secure(), b.programs.authority
		s.Kick, s.Connected = b.programs.kick, b.programs.connected
		b.programs.authenticateWith(authenticate)
	default:
		return programs.Service{}
	}
	return s
}

// receive calls f for each request of a program until ctx ends. Of several nodes one gets it.
func (l *programsLink) receive(ctx context.Context, f func(programs.Message)) error {
	in := l.start + "report.in."
	sub, err := l.conn.QueueSubscribe(in+"*.*", "linienfunk", func(m *nats.Msg) {
		user := strings.TrimPrefix(m.Subject, in)
		// The reply subject is the program's choice: an answer elsewhere would be ours in somebody else's conversation.
		if !strings.HasPrefix(m.Reply, subjectsBelow(l.start, user).Inbox+".") {
			return
		}
		f(programs.Message{User: user, Data: m.Data, Answer: func(data []byte) { _ = l.conn.Publish(m.Reply, data) }}) // without an answer it asks again
	})
	if err == nil {
		err = l.conn.Flush()
	}
	if err != nil {
		return fmt.Errorf("subscribe to programs: %w", err)
	}
	ended := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(ended) })
	<-ctx.Done()
	if sub.Drain() == nil { // what is on its way is still handed over
		select {
		case <-ended:
		case <-time.After(drainTime):
		case <-l.closed.Done():
		}
	}
	return ctx.Err()
}

// ask publishes data for a user, again after a while without an answer, until there is one. A late answer counts.
func (l *programsLink) ask(ctx context.Context, user string, data []byte) ([]byte, error) {
	reply, answers, done, err := l.expect()
	if err != nil {
		return nil, err
	}
	defer done()
	again := time.NewTicker(l.again)
	defer again.Stop()
	for {
		if err := l.conn.PublishRequest(subjectsBelow(l.start, user).Out, reply, data); err != nil {
			return nil, fmt.Errorf("ask a program: %w", err)
		}
		select {
		case m := <-answers:
			if len(m.Data) == 0 && m.Header.Get("Status") == "503" { // the server says that nobody has subscribed
				return nil, programs.ErrAbsent
			}
			return m.Data, nil
		case <-again.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("ask a program: %w", ctx.Err())
		case <-l.closed.Done():
			return nil, fmt.Errorf("ask a program: %w", context.Cause(l.closed))
		}
	}
}

// expect returns a reply subject, and what arrives there until done is called.
func (l *programsLink) expect() (reply string, answers <-chan *nats.Msg, done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inbox == "" {
		inbox := nats.NewInbox() + "."
		if _, err := l.conn.Subscribe(inbox+"*", func(m *nats.Msg) { l.arrived(strings.TrimPrefix(m.Subject, inbox), m) }); err != nil {
			return "", nil, nil, fmt.Errorf("ask a program: %w", err)
		}
		l.inbox = inbox
	}
	token, arrived := nats.NewInbox()[len(nats.InboxPrefix):], make(chan *nats.Msg, 1)
	l.waiting[token] = arrived
	return l.inbox + token, arrived, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, token)
	}, nil
}

// arrived hands an answer to whoever waits for it. The first one counts.
func (l *programsLink) arrived(token string, m *nats.Msg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.waiting[token] <- m: // nil for one that nobody waits for
	default:
	}
}
