package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"linienfunk/bots"
)

// provider is a mail server with a login, and the owner of the route to it.
type provider struct {
	*sink
	mu      sync.Mutex
	answer  Submission
	err     error
	refused chan string
}

const ownAddress = "melden@post.example"

func newProvider(t testing.TB, with ...func(*smtp.Server)) *provider {
	p := &provider{sink: newSink(t, with...), refused: make(chan string, 100)}
	p.login = "melden:sesame"
	p.answer = Submission{Server: p.address, Security: NoTLS, User: "melden", Password: "sesame", Sender: ownAddress}
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
	return p.answer, p.err
}

func (p *provider) SubmissionRefused(_ context.Context, route string) { p.refused <- route }

// newRouted is a world with a provider for the owner "post"; all else goes to s.
func newRouted(t testing.TB, p *provider) (w *world, s *sink, heard <-chan told) {
	t.Helper()
	s = newSink(t)
	path, _ := signingKey(t)
	w = newWorld(t, Config{Smarthost: s.address, Hostname: "out.linienfunk.example", Dial: new(net.Dialer).DialContext, DKIMKey: path, DKIMSelector: "s1"})
	heard = w.listen()
	w.networks["post"].(*fakeNetwork).provider = p
	return w, s, heard
}

func routed1(key string) Message {
	mail := subscription(key)
	mail.From, mail.Route = ownAddress, "zuerich 1"
	return mail
}

func (w *world) post(mails ...Message) {
	w.t.Helper()
	must(w.t, w.as("post").Enqueue(w.t.Context(), mails...))
}

func TestAMailWithARouteLeavesThroughItsServerInItsName(t *testing.T) {
	config, _ := certificate(t)
	trusted := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	must(t, err)
	trusted.AddCert(leaf)
	withTLS := func(s *smtp.Server) { s.TLSConfig, s.AllowInsecureAuth = config, false }
	for name, c := range map[string]struct {
		security Security
		trust    *tls.Config
		server   []func(*smtp.Server)
		taken    bool
	}{
		"without encryption, near us":             {NoTLS, nil, nil, true},
		"with STARTTLS":                           {StartTLS, &tls.Config{RootCAs: trusted}, []func(*smtp.Server){withTLS}, true},
		"with STARTTLS that is not offered":       {StartTLS, &tls.Config{RootCAs: trusted}, nil, false},
		"with a certificate that nobody vouches":  {StartTLS, nil, []func(*smtp.Server){withTLS}, false},
		"with TLS, at a server that speaks none":  {ImplicitTLS, &tls.Config{RootCAs: trusted}, []func(*smtp.Server){func(s *smtp.Server) { s.ReadTimeout = time.Second }}, false},
		"with an encryption that nobody knows of": {"ssl", nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, c.server...)
			p.answer.Security, p.answer.TLS = c.security, c.trust
			w, s, _ := newRouted(t, p)
			w.run(w.Mailer)
			w.post(routed1("1"))
			if !c.taken {
				<-w.paused
				p.none()
				if err := w.TrySubmission(t.Context(), p.answer); bots.AsError(err).Kind != bots.KindRetry {
					t.Errorf("trying it: %v", err)
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
				t.Error("it is signed for another domain than its sender's")
			}
			s.none()
			w.post(subscription("2")) // without a route
			if got := s.next(); !strings.HasPrefix(got.From, "bounce+") || !strings.Contains(string(got.Message), "DKIM-Signature") {
				t.Errorf("another mail came from %s:\n%s", got.From, got.Message)
			}
			if err := w.TrySubmission(t.Context(), p.answer); err != nil {
				t.Errorf("trying it: %v", err)
			}
			p.none()
		})
	}
}

func TestAMailGoesOverTLSFromTheFirstByte(t *testing.T) {
	config, _ := certificate(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	must(t, err)
	p := newProvider(t)
	go p.server.Serve(listener)
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	p.answer.Server, p.answer.Security, p.answer.TLS = listener.Addr().String(), ImplicitTLS, &tls.Config{RootCAs: pool}
	w, _, _ := newRouted(t, p)
	w.run(w.Mailer)
	w.post(routed1("1"))
	if got := p.next(); !got.TLS || got.User != "melden" {
		t.Errorf("login %q, TLS %v", got.User, got.TLS)
	}
}

// Neither a password that was changed nor a sender that is not allowed is the subscriber's fault.
func TestARefusedLoginOrSenderBouncesNoMail(t *testing.T) {
	for name, spoil := range map[string]func(*provider){
		"login": func(p *provider) { p.set(func() { p.login = "melden:changed" }) },
		"sender": func(p *provider) {
			p.set(func() {
				p.refuse = func(at, _ string) error {
					if at == "MAIL" {
						return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not yours"}
					}
					return nil
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			spoil(p)
			w, s, heard := newRouted(t, p)
			w.run(w.Mailer)
			w.post(routed1("1"), routed1("2"), routed1("3"), routed1("4"))
			if route := <-p.refused; route != "zuerich 1" {
				t.Errorf("told of %q", route)
			}
			<-w.paused
			w.post(subscription("5"))
			s.next() // others go on
			p.set(func() {
				if p.connections > routeLimits.connections {
					t.Errorf("%d logins", p.connections)
				}
				p.login, p.refuse = "melden:sesame", nil
			})
			if err := w.TrySubmission(t.Context(), p.answer); err != nil {
				t.Errorf("mended: %v", err)
			}
			spoil(p)
			if err := w.TrySubmission(t.Context(), p.answer); bots.AsError(err).Kind != bots.KindRevoked {
				t.Errorf("trying it: %v", err)
			}
			p.set(func() { p.login, p.refuse = "melden:sesame", nil })
			for n := 0; n < 4; {
				w.skew.Add(int64(loginBackoff)) // once more if a second worker was turned down only now
				w.store.wakeRun()               // its timer knows nothing of the test's clock
				select {
				case <-p.mails:
					n++
				case <-time.After(100 * time.Millisecond):
				}
			}
			select {
			case b := <-heard:
				t.Errorf("a bounce was told: %+v", b)
			default:
			}
		})
	}
}

func TestAProviderThatRefusesARecipientBouncesThatMailOnly(t *testing.T) {
	p := newProvider(t)
	p.refuse = func(at, to string) error {
		if at == "RCPT" && to == "gone@example.org" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		}
		return nil
	}
	w, _, heard := newRouted(t, p)
	w.run(w.Mailer)
	gone := routed1("1")
	gone.To, gone.BounceID = "gone@example.org", "zuerich gone"
	w.post(gone, routed1("2"))
	p.next()
	w.rest()
	if b := <-heard; b.id != "zuerich gone" || !b.Hard {
		t.Errorf("told %+v", b)
	}
	if len(heard) > 0 || len(p.refused) > 0 {
		t.Error("more was told")
	}
}

func TestAProviderThatWantsLessGetsLess(t *testing.T) {
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
				mails = append(mails, routed1(string(rune('a'+len(mails)))))
			}
			w.post(mails...)
			w.run(w.Mailer)
			<-held
			w.post(subscription("other"))
			s.next()
			p.set(func() {
				if tried > routeLimits.connections {
					t.Errorf("%d mails were tried", tried)
				}
			})
		})
	}
}

func TestAMailWhoseRouteIsGoneIsDropped(t *testing.T) {
	for name, spoil := range map[string]func(*provider){
		"no route":       func(p *provider) { p.err = ErrNoRoute },
		"another sender": func(p *provider) { p.answer.Sender = "other@post.example" },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			spoil(p)
			w, _, heard := newRouted(t, p)
			w.run(w.Mailer)
			w.post(routed1("1"))
			w.rest()
			p.none()
			if len(heard) > 0 {
				t.Error("a bounce was told")
			}
		})
	}
	w, _, _ := newRouted(t, newProvider(t))
	w.run(w.Mailer)
	must(t, w.as("nobody").Enqueue(t.Context(), routed1("1")))
	w.rest()
}

func TestAMailWaitsWhileItsRouteCannotBeFound(t *testing.T) {
	p := newProvider(t)
	p.err = errors.New("disk full")
	w, _, _ := newRouted(t, p)
	w.run(w.Mailer)
	w.post(routed1("1"))
	<-w.paused
	p.change(func() { p.err = nil })
	p.next()
}

// far is a connection that says it comes from the internet.
type far struct{ net.Conn }

func (far) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 587} }

func TestAPasswordIsNotSentToTheInternetInTheClear(t *testing.T) {
	p := newProvider(t)
	w, _, _ := newRouted(t, p)
	w.Mailer.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return far{conn}, err
	}
	if err := w.TrySubmission(t.Context(), p.answer); err == nil {
		t.Error("it is")
	}
}

func TestASenderWhomAProviderStopsOnlyAtTheRecipientIsFoundOutBefore(t *testing.T) {
	p := newProvider(t)
	p.refuse = func(at, _ string) error {
		if at == "RCPT" { // as postfix does, with smtpd_delay_reject
			return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not owned by user"}
		}
		return nil
	}
	w, _, _ := newRouted(t, p)
	if err := w.TrySubmission(t.Context(), p.answer); bots.AsError(err).Kind != bots.KindRevoked || strings.Contains(err.Error(), "owned") {
		t.Errorf("got %v", err)
	}
}

func TestASenderMustBeAnAddress(t *testing.T) {
	w, _, _ := newRouted(t, newProvider(t))
	for _, from := range []string{"", "melden", "a@b.example\r\nBcc: x@example.org", "Melden <melden@post.example>"} {
		mail := routed1("1")
		mail.From = from
		if err := w.as("post").Enqueue(t.Context(), mail); err == nil {
			t.Errorf("%q is taken", from)
		}
	}
}
