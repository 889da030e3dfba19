package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/bots"
)

// provider is a mail server with a login, and the part of a Network that knows the route to it.
type provider struct {
	*sink
	mu      sync.Mutex
	route   Submission
	err     error
	refused chan string
}

const ownAddress = "melden@post.example"

func newProvider(t testing.TB, with ...func(*smtp.Server)) *provider {
	p := &provider{sink: newSink(t, with...), refused: make(chan string, 100)}
	p.login = "melden:sesame"
	p.route = Submission{Server: p.address, Security: NoTLS, User: "melden", Password: "sesame", Sender: ownAddress}
	return p
}

func (p *provider) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *provider) Submission(_ context.Context, route string) (Submission, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.route, p.err
}

func (p *provider) SubmissionRefused(_ context.Context, route string) { p.refused <- route }

// newRouted returns a world with a provider for the network "post". s receives all other messages.
func newRouted(t testing.TB, p *provider) (w *world, s *sink, reports <-chan bounceReport) {
	t.Helper()
	s = newSink(t)
	path, _ := signingKey(t)
	w = newWorld(t, Config{Smarthost: s.address, Hostname: "out.linienfunk.example", Dial: new(net.Dialer).DialContext, DKIMKey: path, DKIMSelector: "s1"})
	reports = w.recordBounces()
	w.networks["post"].(*fakeNetwork).provider = p
	return w, s, reports
}

func messageWithRoute(key string) Message {
	mail := messageWithBounceID(key)
	mail.From, mail.Route = ownAddress, "zuerich 1"
	return mail
}

func (w *world) enqueueOwned(mails ...Message) {
	w.t.Helper()
	must(w.t, w.as("post").Enqueue(w.t.Context(), mails...))
}

func TestAMessageWithARouteIsSentByItsServerFromItsUser(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	withTLS := func(s *smtp.Server) { s.TLSConfig, s.AllowInsecureAuth = config, false }
	for name, c := range map[string]struct {
		security Security
		trust    *tls.Config
		server   []func(*smtp.Server)
		accepted bool
	}{
		"plaintext to a private address":                     {NoTLS, nil, nil, true},
		"with STARTTLS":                                      {StartTLS, trust(t, config), []func(*smtp.Server){withTLS}, true},
		"with STARTTLS that is not offered":                  {StartTLS, trust(t, config), nil, false},
		"with an unknown authority":                          {StartTLS, nil, []func(*smtp.Server){withTLS}, false},
		"with implicit TLS that the server does not support": {ImplicitTLS, trust(t, config), []func(*smtp.Server){func(s *smtp.Server) { s.ReadTimeout = time.Second }}, false},
		"with an unknown encryption":                         {"ssl", nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, c.server...)
			p.route.Security, p.route.TLS = c.security, c.trust
			w, s, _ := newRouted(t, p)
			w.run(w.Mailer)
			w.enqueueOwned(messageWithRoute("1"))
			if !c.accepted {
				<-w.retried
				p.none()
				if err := w.TrySubmission(t.Context(), p.route); bots.AsError(err).Kind != bots.KindRetry {
					t.Errorf("TrySubmission: %v", err)
				}
				return
			}
			got := p.next()
			if got.From != ownAddress || got.User != "melden" || got.TLS != (c.security == StartTLS) {
				t.Errorf("from %s, login %s, TLS %v", got.From, got.User, got.TLS)
			}
			for _, field := range []string{"From: =?utf-8?q?Z=C3=BCrich?= <" + ownAddress + ">\r\n", "List-Unsubscribe-Post: "} {
				if !strings.Contains(string(got.Message), field) {
					t.Errorf("no %q in\n%s", field, got.Message)
				}
			}
			if strings.Contains(string(got.Message), "DKIM-Signature") {
				t.Error("it is signed although the domain is not ours")
			}
			s.none()
			w.enqueueOwned(messageWithBounceID("2")) // without a route
			if got := s.next(); !strings.HasPrefix(got.From, "bounce+") || !strings.Contains(string(got.Message), "DKIM-Signature") {
				t.Errorf("the other message is from %s:\n%s", got.From, got.Message)
			}
			if err := w.TrySubmission(t.Context(), p.route); err != nil {
				t.Errorf("TrySubmission: %v", err)
			}
			p.none()
		})
	}
}

func TestARouteCanUseImplicitTLS(t *testing.T) {
	t.Parallel()
	config, _ := certificate(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	must(t, err)
	p := newProvider(t)
	p.serve(listener)
	p.route.Server, p.route.Security, p.route.TLS = listener.Addr().String(), ImplicitTLS, trust(t, config)
	w, _, _ := newRouted(t, p)
	w.run(w.Mailer)
	w.enqueueOwned(messageWithRoute("1"))
	if got := p.next(); !got.TLS || got.User != "melden" {
		t.Errorf("login %q, TLS %v", got.User, got.TLS)
	}
}

func TestARefusedLoginOrSenderIsNotABounce(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*provider){
		"login": func(p *provider) { p.set(func() { p.login = "melden:changed" }) },
		"sender": func(p *provider) {
			p.set(func() {
				p.refuse = refuseAt("MAIL", &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not yours"})
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			spoil(p)
			w, s, reports := newRouted(t, p)
			w.run(w.Mailer)
			w.enqueueOwned(messageWithRoute("1"), messageWithRoute("2"), messageWithRoute("3"), messageWithRoute("4"))
			if route := <-p.refused; route != "zuerich 1" {
				t.Errorf("refused route %q", route)
			}
			<-w.retried
			w.enqueueOwned(messageWithBounceID("5"))
			s.next() // other routes are not affected
			p.set(func() {
				if p.connections > routeLimits.connections {
					t.Errorf("%d logins", p.connections)
				}
				p.login, p.refuse = "melden:sesame", nil
			})
			if err := w.TrySubmission(t.Context(), p.route); err != nil {
				t.Errorf("TrySubmission after the repair: %v", err)
			}
			spoil(p)
			if err := w.TrySubmission(t.Context(), p.route); bots.AsError(err).Kind != bots.KindRevoked {
				t.Errorf("TrySubmission: %v", err)
			}
			p.set(func() { p.login, p.refuse = "melden:sesame", nil })
			for n := 0; n < 4; {
				w.Advance(loginBackoff) // repeated: a second worker may be refused later
				w.store.wakeRun()       // its timer does not follow the test's clock
				select {
				case <-p.mails:
					n++
				case <-time.After(100 * time.Millisecond):
				}
			}
			select {
			case b := <-reports:
				t.Errorf("bounce %+v", b)
			default:
			}
		})
	}
}

func TestARefusedRecipientIsABounceOfThatMessageAlone(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.refuse = func(at, to string) error {
		if at == "RCPT" && to == "gone@example.org" {
			return noSuchUser
		}
		return nil
	}
	w, _, reports := newRouted(t, p)
	w.run(w.Mailer)
	gone := messageWithRoute("1")
	gone.To, gone.BounceID = "gone@example.org", "zuerich gone"
	w.enqueueOwned(gone, messageWithRoute("2"))
	p.next()
	w.waitUntilEmpty()
	if b := <-reports; b.id != "zuerich gone" || !b.Hard {
		t.Errorf("got %+v", b)
	}
	if len(reports) > 0 || len(p.refused) > 0 {
		t.Error("more calls than expected")
	}
}

func TestAProviderThatDefersIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"MAIL", "RCPT", "DATA"} {
		t.Run(stage, func(t *testing.T) {
			p := newProvider(t)
			tried := 0
			p.refuse = func(at, _ string) error {
				if at == stage {
					tried++
					return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "too many mails"}
				}
				return nil
			}
			w, s, _ := newRouted(t, p)
			held := make(chan struct{}, 100)
			w.Mailer.destinationBackoff = func(int) time.Duration { held <- struct{}{}; return time.Hour }
			var mails []Message
			for range 20 {
				mails = append(mails, messageWithRoute(string(rune('a'+len(mails)))))
			}
			w.enqueueOwned(mails...)
			w.run(w.Mailer)
			<-held
			w.enqueueOwned(messageWithBounceID("other"))
			s.next()
			p.set(func() {
				if tried > routeLimits.connections {
					t.Errorf("%d messages were tried", tried)
				}
			})
		})
	}
}

func TestAMessageWithoutItsRouteIsDropped(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*provider){
		"no route":       func(p *provider) { p.err = ErrNoRoute },
		"another sender": func(p *provider) { p.route.Sender = "other@post.example" },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			spoil(p)
			w, _, reports := newRouted(t, p)
			w.run(w.Mailer)
			w.enqueueOwned(messageWithRoute("1"))
			w.waitUntilEmpty()
			p.none()
			if len(reports) > 0 {
				t.Error("unexpected bounce")
			}
		})
	}
	w, _, _ := newRouted(t, newProvider(t))
	w.run(w.Mailer)
	must(t, w.as("nobody").Enqueue(t.Context(), messageWithRoute("1")))
	w.waitUntilEmpty()
}

func TestAMessageIsRetriedWhileItsRouteCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.err = errors.New("disk full")
	w, _, _ := newRouted(t, p)
	w.run(w.Mailer)
	w.enqueueOwned(messageWithRoute("1"))
	<-w.retried
	p.change(func() { p.err = nil })
	p.next()
}

// remoteConn is a connection with a public remote address.
type remoteConn struct{ net.Conn }

func (remoteConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 587} }

func TestAPasswordIsNotSentToTheInternetInTheClear(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	w, _, _ := newRouted(t, p)
	w.Mailer.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return remoteConn{conn}, err
	}
	if err := w.TrySubmission(t.Context(), p.route); err == nil {
		t.Error("accepted")
	}
}

func TestTrySubmissionFindsASenderThatIsRefusedOnlyAtTheRecipient(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	// As postfix does, with smtpd_delay_reject.
	p.refuse = refuseAt("RCPT", &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not owned by user"})
	w, _, _ := newRouted(t, p)
	if err := w.TrySubmission(t.Context(), p.route); bots.AsError(err).Kind != bots.KindRevoked || strings.Contains(err.Error(), "owned") {
		t.Errorf("got %v", err)
	}
}

func TestASenderMustBeAnAddress(t *testing.T) {
	t.Parallel()
	w, _, _ := newRouted(t, newProvider(t))
	for _, from := range []string{"", "melden", "a@b.example\r\nBcc: x@example.org", "Melden <melden@post.example>"} {
		mail := messageWithRoute("1")
		mail.From = from
		if err := w.as("post").Enqueue(t.Context(), mail); err == nil {
			t.Errorf("%q is accepted", from)
		}
	}
}
