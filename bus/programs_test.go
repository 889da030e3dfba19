package bus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/bus"
	"linienfunk/bus/programs"
	"linienfunk/internal/testkit"
)

const forum = "zuerich.forum"

// port is a bus that programs can connect to.
type port struct {
	programs.Service
	bus     *bus.Bus
	address string
	refused atomic.Bool // whether nobody may connect
}

// newPort lets every user in whose password is "secret".
func newPort(t *testing.T, listen bus.Listen) *port {
	t.Helper()
	listen.Address = "127.0.0.1:0"
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Shards: 4, Log: testkit.Log(t), Timeout: time.Minute, Listen: listen})
	check(t, err)
	t.Cleanup(b.Close)
	p := &port{bus: b}
	p.Service = b.Programs(func(_ context.Context, _, password, _ string) (bool, error) {
		return password == "secret" && !p.refused.Load(), nil
	})
	p.address = fmt.Sprintf("nats://127.0.0.1:%d", p.Port)
	return p
}

// receive calls f for what programs request, until the test ends.
func (p *port) receive(t *testing.T, f func(programs.Message)) {
	t.Helper()
	testkit.Background(t, func(ctx context.Context) { _ = p.Receive(ctx, f) })
}

// program connects as a user, with errors of permissions in a channel.
func (p *port) program(t *testing.T, user string, more ...nats.Option) (*nats.Conn, chan error) {
	t.Helper()
	violations := make(chan error, 100)
	conn, err := nats.Connect(p.address, append([]nats.Option{nats.UserInfo(user, "secret"), nats.CustomInboxPrefix(p.Subjects(user).Inbox), nats.NoReconnect(), nats.Timeout(time.Minute),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { violations <- err })}, more...)...)
	check(t, err)
	t.Cleanup(conn.Close)
	return conn, violations
}

func TestAProgramIsAnsweredAndAsked(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	p.receive(t, func(m programs.Message) { m.Answer([]byte(m.User + " said " + string(m.Data))) })
	conn, _ := p.program(t, forum)
	var answer *nats.Msg
	testkit.Eventually(t, "the bus receives", func() (ok bool) {
		var err error
		answer, err = conn.Request("report.in.zuerich.forum", []byte("hello"), time.Minute)
		return err == nil
	})
	if string(answer.Data) != "zuerich.forum said hello" {
		t.Errorf("answer %q", answer.Data)
	}
	if _, err := p.Ask(t.Context(), forum, nil); !errors.Is(err, programs.ErrAbsent) {
		t.Errorf("nobody has subscribed: %v", err)
	}
	for _, group := range []string{"", "instances"} {
		sub, err := conn.QueueSubscribe("report.out.zuerich.forum", group, func(m *nats.Msg) { _ = m.Respond(append([]byte("got "), m.Data...)) })
		check(t, err)
		check(t, conn.Flush())
		got, err := p.Ask(t.Context(), forum, []byte("news"))
		if err != nil || string(got) != "got news" {
			t.Errorf("asked: %q, %v", got, err)
		}
		check(t, sub.Unsubscribe())
	}
	if !p.Connected(forum) || p.Connected("zuerich.other") {
		t.Error("connected is wrong")
	}
}

func TestWhatAProgramDoesNotAnswerComesAgainAndALateAnswerCounts(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	conn, _ := p.program(t, forum)
	var first *nats.Msg
	_, err := conn.Subscribe("report.out.zuerich.forum", func(m *nats.Msg) {
		if first == nil {
			first = m
			return
		}
		_ = first.Respond([]byte("late"))
	})
	check(t, err)
	check(t, conn.Flush())
	if got, err := p.Ask(t.Context(), forum, []byte("news")); err != nil || string(got) != "late" {
		t.Errorf("asked: %q, %v", got, err)
	}
}

// TestAUserMayUseNothingButItsSubjects tries subjects that must not work, each as a subscription and with a message.
func TestAUserMayUseNothingButItsSubjects(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	p.receive(t, func(m programs.Message) { t.Errorf("%s was received", m.User) })
	wantRefused(t, p.program, forum, "")
}

// wantRefused connects as a user, and wants a violation for each of 20 subjects. start is that of all subjects.
func wantRefused(t *testing.T, connect func(*testing.T, string, ...nats.Option) (*nats.Conn, chan error), user, start string) {
	t.Helper()
	conn, violations := connect(t, user)
	for _, subject := range []string{
		"report.in.zuerich.other", "report.in.ghent.forum", "report.in._._", "report.in.zuerich.forum.more", "report.in.zuerich", "report.out.zuerich.other",
		"report.out.ghent.forum", "report.out.3.zuerich", "settings.update.abc", "settings.latest", "account.mastodon.zuerich", "bot.web.zuerich", "limits.login", "mail.queued",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.PURGE.REPORTS", "_INBOX.zuerich.other.abc", "_INBOX.abc",
	} {
		if !strings.HasPrefix(subject, "$") && !strings.HasPrefix(subject, "_") {
			subject = start + subject
		}
		check(t, conn.Publish(subject, []byte("{}")))
		check(t, conn.Flush())
		wantViolation(t, violations, "Publish", subject)
		wantNoSubscription(t, conn, violations, subject)
	}
	for _, subject := range []string{">", "*", "report.>", start + "report.out.*.forum", start + "report.out.zuerich.*", start + "report.out.>", "settings.>", "$SYS.>", "$JS.>", "_INBOX.>", "_INBOX.*.*.*"} {
		wantNoSubscription(t, conn, violations, subject)
	}
}

func wantNoSubscription(t *testing.T, conn *nats.Conn, violations chan error, subject string) {
	t.Helper()
	for _, group := range []string{"", "linienfunk"} {
		_, err := conn.QueueSubscribe(subject, group, func(m *nats.Msg) { t.Errorf("got a message on %s", subject) })
		check(t, err)
		check(t, conn.Flush())
		wantViolation(t, violations, "Subscription", subject)
	}
}

func wantViolation(t *testing.T, violations chan error, what, subject string) {
	t.Helper()
	err := testkit.Next(t, violations)
	if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), subject) {
		t.Errorf("%s on %s: %v", what, subject, err)
	}
}

func TestAnAnswerGoesNowhereButToTheProgram(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	received := make(chan string, 10)
	p.receive(t, func(m programs.Message) {
		received <- string(m.Data)
		m.Answer([]byte("answer"))
	})
	other, _ := p.program(t, "zuerich.other")
	stolen, err := other.SubscribeSync("report.out.zuerich.other")
	check(t, err)
	check(t, other.Flush())
	conn, _ := p.program(t, forum)
	testkit.Eventually(t, "the bus receives", func() bool {
		_, err := conn.Request("report.in.zuerich.forum", []byte("begin"), time.Minute)
		return err == nil
	})
	for _, reply := range []string{"", "report.out.zuerich.other", "_INBOX.zuerich.other.x", "_INBOX.zuerich.forumx.x", "_INBOX.zuerich.forum", "$SYS.REQ.SERVER.PING"} {
		check(t, conn.PublishMsg(&nats.Msg{Subject: "report.in.zuerich.forum", Reply: reply, Data: []byte("to " + reply)}))
	}
	_, err = conn.Request("report.in.zuerich.forum", []byte("end"), time.Minute)
	check(t, err)
	for want := range strings.SplitSeq("begin end", " ") {
		if got := testkit.Next(t, received); got != want {
			t.Errorf("received %q, want %q", got, want)
		}
	}
	if n, _, _ := stolen.Pending(); n != 0 {
		t.Error("another program got the answer")
	}
}

func TestOneThatIsKickedMustAuthenticateAgain(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	closed, others := make(chan struct{}), make(chan struct{}, 1)
	p.program(t, forum, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	other, _ := p.program(t, "zuerich.other", nats.ClosedHandler(func(*nats.Conn) { others <- struct{}{} }))
	p.refused.Store(true)
	p.Kick(forum)
	<-closed
	if p.Connected(forum) || !other.IsConnected() || len(others) > 0 {
		t.Error("the wrong one was kicked")
	}
	for _, password := range []string{"secret", ""} {
		if _, err := nats.Connect(p.address, nats.UserInfo(forum, password), nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("password %q: %v", password, err)
		}
	}
	if _, err := nats.Connect(p.address, nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("without a user: %v", err)
	}
	if _, err := nats.Connect(p.address, nats.Token("secret"), nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("with a token: %v", err)
	}
}

func TestAUserHasFourConnectionsAndTheyAreFreedAgain(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	var conns []*nats.Conn
	for range 4 {
		conn, _ := p.program(t, forum)
		conns = append(conns, conn)
	}
	if _, err := nats.Connect(p.address, nats.UserInfo(forum, "secret"), nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a fifth connection: %v", err)
	}
	conns[0].Close()
	testkit.Eventually(t, "another one may connect", func() bool {
		conn, err := nats.Connect(p.address, nats.UserInfo(forum, "secret"), nats.Timeout(time.Minute))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func TestAProgramCannotSendLargeMessagesOrSubscribeWithoutEnd(t *testing.T) {
	t.Parallel()
	p := newPort(t, bus.Listen{})
	conn, violations := p.program(t, forum)
	if err := conn.Publish("report.in.zuerich.forum", make([]byte, 65<<10)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("65 KB: %v", err)
	}
	for range 9 {
		_, err := conn.SubscribeSync("report.out.zuerich.forum")
		check(t, err)
	}
	if err := testkit.Next(t, violations); !strings.Contains(err.Error(), "maximum subscriptions") {
		t.Errorf("nine subscriptions: %v", err)
	}
}

func TestThePortOfProgramsHasTLSAndNamesItsAuthority(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	p := newPort(t, bus.Listen{TLSCert: a.certFile, TLSKey: a.keyFile})
	if !p.Secure || p.CA == "" {
		t.Fatalf("%+v", p.Service)
	}
	if _, err := nats.Connect(p.address, nats.UserInfo(forum, "secret"), nats.Timeout(time.Minute)); err == nil {
		t.Error("a client that does not know the authority has connected")
	}
	conn, _ := p.program(t, forum, nats.RootCAs(writeFile(t, "ca.pem", []byte(p.CA))))
	if _, err := conn.TLSConnectionState(); err != nil {
		t.Error(err)
	}
	raw, err := net.Dial("tcp", strings.TrimPrefix(p.address, "nats://"))
	check(t, err)
	defer raw.Close()
	_, err = fmt.Fprintf(raw, "CONNECT {\"user\":%q,\"pass\":\"secret\"}\r\nPING\r\n", forum)
	check(t, err)
	text := make([]byte, 4096)
	for err == nil {
		var n int
		if n, err = raw.Read(text); strings.Contains(string(text[:n]), "PONG") {
			t.Fatal("the server takes a connection without TLS")
		}
	}
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer taken.Close()
	_, err = bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Shards: 4, Log: testkit.Log(t), Listen: bus.Listen{Address: taken.Addr().String()}})
	if err == nil || !strings.Contains(err.Error(), "nats.listen: ") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutAPortThereIsNoService(t *testing.T) {
	t.Parallel()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir(), Shards: 4, Log: testkit.Log(t), Timeout: time.Minute})
	check(t, err)
	defer b.Close()
	if s := b.Programs(nil); s.On() || s.Subjects != nil {
		t.Errorf("got %+v", s)
	}
}
