package bus

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Access is how the program proves who it is to external servers, and how they do. All are paths of files, each may be empty.
type Access struct {
	Credentials     string // JWT and key of the user
	CAFile          string // authorities of the servers' certificates, PEM; requires TLS
	TLSCert, TLSKey string // what this program shows to the servers, PEM; requires TLS
}

// pingInterval is how often an external server is asked whether it is still there. One that has not answered twice has been stopped, or cut off, and
// the connection moves to another server of the cluster.
const pingInterval = 2 * time.Second

func (b *Bus) connect() error {
	options := []nats.Option{
		nats.Name("linienfunk"), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			b.config.Log.Warn("nats", "err", err)
			b.noteLoss()
		}),
		nats.ReconnectHandler(func(*nats.Conn) { b.noteLoss() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				b.config.Log.Warn("nats disconnected", "err", err)
			}
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}
	if b.config.URL == "" {
		b.embedded = &embedded{dir: b.config.Dir, log: b.config.Log, timeout: 3 * b.config.Timeout, failed: make(chan struct{}, 1)}
		if err := b.embedded.start(); err != nil {
			return err
		}
		options = append(options, nats.InProcessServer(b.embedded))
	} else {
		access, err := b.config.Access.options()
		if err != nil {
			return err
		}
		options = append(append(options, nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2)), access...)
	}
	var err error
	if b.conn, err = nats.Connect(b.config.URL, options...); err != nil {
		return explainConnect(err, b.config.Access)
	}
	b.js, err = jetstream.New(b.conn, jetstream.WithDefaultTimeout(b.config.Timeout))
	return err
}

// options checks the files, so that an error names the key.
func (a Access) options() (options []nats.Option, err error) {
	try := func(key string, o nats.Option, then func(nats.Options) error) {
		var tried nats.Options
		wrong := o(&tried)
		if wrong == nil && then != nil {
			wrong = then(tried)
		}
		if wrong != nil && err == nil {
			err = fmt.Errorf("%s: %s", key, strings.TrimPrefix(wrong.Error(), "nats: "))
		}
		options = append(options, o)
	}
	if a.Credentials != "" {
		try("nats.credentials: wants a file as nsc writes it", nats.UserCredentials(a.Credentials), func(o nats.Options) error {
			if text, err := os.ReadFile(a.Credentials); err != nil || !strings.Contains(string(text), "USER JWT") {
				return errors.Join(err, errors.New("it has no user JWT"))
			}
			_, err := o.SignatureCB([]byte("nonce"))
			return err
		})
	}
	if a.CAFile != "" {
		try("nats.ca_file", nats.RootCAs(a.CAFile), nil)
	}
	if a.TLSCert != "" {
		try("nats.tls_cert", nats.ClientCert(a.TLSCert, a.TLSKey), nil)
	}
	return options, err
}

// explainConnect says what would be right. The error has no address: there may be a password in it.
func explainConnect(err error, a Access) error {
	var parse *url.Error
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.As(err, &parse): // quotes the whole address
		return fmt.Errorf("nats.url: connect to NATS: %w", parse.Err)
	case errors.Is(err, nats.ErrNoServers):
		return fmt.Errorf("nats.url: no server answers; is NATS running, and reachable at that host and port? (%w)", err)
	case errors.Is(err, nats.ErrAuthorization) && a.Credentials != "":
		return fmt.Errorf("nats.credentials: the server refuses the user in the file (%w)", err)
	case errors.Is(err, nats.ErrAuthorization):
		return fmt.Errorf("nats.url: the server refuses the user and password, which nats.url has as nats://user:password@host:4222, or wants nats.credentials or nats.tls_cert (%w)", err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("nats.url: the server offers no TLS, which tls:// in nats.url, nats.ca_file or nats.tls_cert require (%w)", err)
	case errors.As(err, &authority):
		return fmt.Errorf("nats.ca_file: wants the authority that has signed the server's certificate (%w)", err)
	case errors.As(err, &name):
		return fmt.Errorf("nats.url: wants a host that the server's certificate names (%w)", err)
	case strings.Contains(err.Error(), "remote error: tls") || a.TLSCert == "" && strings.Contains(err.Error(), "TLS handshake"): // it may end before the alert is read
		return fmt.Errorf("nats.tls_cert: the server wants a client certificate, or refuses this one (%w)", err)
	}
	return fmt.Errorf("nats.url: connect to NATS: %w", err)
}
