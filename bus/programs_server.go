package bus

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Listen is a port for the programs of cities. Without an address there is none.
type Listen struct {
	Address         string // host:port
	TLSCert, TLSKey string // paths, PEM; TLS is required with them
}

func (l Listen) secure() bool { return l.TLSCert != "" }

// Limits of the server for programs. A message of a program has a text of 8 KB, of which JSON may make three times as much.
const (
	programsPayload     = 64 << 10
	programsConnections = 1000
	programsPending     = 16 << 20 // bytes that wait for a connection, before the server closes it
	programsSubs        = 8        // of one connection
	programsPerUser     = 4        // connections
	programsAuthTime    = 10 * time.Second
)

// programsServer is the NATS server that programs of cities connect to. It is not the embedded one, so that whatever they do they cannot fill its
// disk, exceed its limits, or see anything of it.
type programsServer struct {
	listen    Listen
	log       *slog.Logger
	authority string // PEM
	own       string // the password of our own connection
	server    *server.Server
	conn      *nats.Conn

	ready        chan struct{} // closed once authenticate is set
	authenticate func(ctx context.Context, user, password, address string) (bool, error)
	deciding     sync.RWMutex // held for reading while somebody is authenticated, so that kick finds everybody who is

	mu       sync.Mutex
	admitted map[string][]uint64 // connections by user, some of which may have ended
}

// startProgramsServer starts the server and connects to it.
func startProgramsServer(listen Listen, log *slog.Logger, timeout time.Duration) (*programsServer, error) {
	p := &programsServer{listen: listen, log: log, own: rand.Text(), ready: make(chan struct{}), admitted: map[string][]uint64{}}
	options, err := p.options()
	if err != nil {
		return nil, err
	}
	if p.server, err = server.NewServer(options); err != nil {
		return nil, fmt.Errorf("nats.listen: %w", err)
	}
	failed := make(chan string, 1)
	p.server.SetLoggerV2(programsLog{log, failed}, false, false, false)
	go p.server.Start() // ends with Shutdown, which stop waits for
	ready := make(chan bool, 1)
	go func() { ready <- p.server.ReadyForConnections(timeout) }() // ends by then
	select {
	case why := <-failed:
		err = errors.New(why)
	case ok := <-ready:
		if !ok {
			err = fmt.Errorf("not ready after %s", timeout)
		}
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("nats.listen: %w", err)
	}
	p.conn, err = nats.Connect("", nats.InProcessServer(p.server), nats.UserInfo("", p.own), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("nats for programs", "err", err) }))
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("nats.listen: %w", err)
	}
	return p, nil
}

func (p *programsServer) options() (*server.Options, error) {
	host, number, err := net.SplitHostPort(p.listen.Address)
	if err != nil {
		return nil, fmt.Errorf("nats.listen: wants host:port: %w", err)
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("nats.listen: wants a port as a number, not %q", number)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	o := &server.Options{
		ServerName: "linienfunk", Host: host, Port: port, NoSigs: true, NoLog: true,
		MaxPayload: programsPayload, MaxConn: programsConnections, MaxSubs: programsSubs, MaxPending: programsPending, MaxControlLine: 1024,
		AuthTimeout: programsAuthTime.Seconds(), WriteDeadline: 10 * time.Second, PingInterval: 20 * time.Second, MaxPingsOut: 2,
		CustomClientAuthentication: p,
	}
	if p.listen.secure() {
		pair, err := tls.LoadX509KeyPair(p.listen.TLSCert, p.listen.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("nats.listen_cert: %w", err)
		}
		o.TLS, o.TLSTimeout = true, programsAuthTime.Seconds()
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		p.authority = authorityOf(pair)
	}
	return o, nil
}

// authorityOf returns the last certificate of a chain, PEM, if it has signed itself: such a file names its own authority.
func authorityOf(pair tls.Certificate) string {
	last := pair.Certificate[len(pair.Certificate)-1]
	c, err := x509.ParseCertificate(last)
	if err != nil || c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: last}))
}

func (p *programsServer) port() int { return p.server.Addr().(*net.TCPAddr).Port }

// authenticateWith sets who decides. Connections that were made before wait for it.
func (p *programsServer) authenticateWith(f func(ctx context.Context, user, password, address string) (bool, error)) {
	p.authenticate = f
	close(p.ready)
}

// Check implements server.Authentication. It is called once for each connection, in its goroutine.
func (p *programsServer) Check(c server.ClientAuthentication) bool {
	given := c.GetOpts()
	if c.Kind() != server.CLIENT || given.Nkey != "" || given.JWT != "" || given.Token != "" {
		return false
	}
	if given.Username == "" && subtle.ConstantTimeCompare([]byte(given.Password), []byte(p.own)) == 1 {
		c.RegisterUser(&server.User{})
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), programsAuthTime)
	defer cancel()
	select {
	case <-p.ready:
	case <-ctx.Done():
		return false
	}
	p.deciding.RLock()
	defer p.deciding.RUnlock()
	ok, err := p.authenticate(ctx, given.Username, given.Password, c.RemoteAddress().String())
	if err != nil {
		p.log.Error("a program cannot be authenticated", "err", err)
		return false
	}
	if !ok || !p.admit(given.Username, c.GetID()) {
		return false
	}
	c.RegisterUser(&server.User{Username: given.Username, Permissions: permissionsOf(subjectsBelow("", given.Username))})
	return true
}

// admit notes a connection of a user. It returns false if there are too many.
func (p *programsServer) admit(user string, id uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := p.open(user)
	if len(open) >= programsPerUser {
		return false
	}
	p.admitted[user] = append(open, id)
	return true
}

// open returns the connections of a user that have not ended. The caller holds mu.
func (p *programsServer) open(user string) []uint64 {
	return slices.DeleteFunc(p.admitted[user], func(id uint64) bool { return p.server.GetClient(id) == nil })
}

func (p *programsServer) kick(user string) {
	p.deciding.Lock()
	defer p.deciding.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range p.admitted[user] {
		_ = p.server.DisconnectClientByID(id) // it may have left by itself
	}
	delete(p.admitted, user)
}

func (p *programsServer) connected(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.admitted[user] = p.open(user)
	return len(p.admitted[user]) > 0
}

func (p *programsServer) stop() {
	if p.conn != nil {
		p.conn.Close()
	}
	p.server.Shutdown()
	p.server.WaitForShutdown()
}

// programsLog passes warnings on that are about the server. What is about one connection is its program's affair, and has its address.
type programsLog struct {
	log    *slog.Logger
	failed chan<- string // receives why the server cannot start
}

func (programsLog) Noticef(string, ...any) {}
func (programsLog) Debugf(string, ...any)  {}
func (programsLog) Tracef(string, ...any)  {}
func (programsLog) Warnf(string, ...any)   {}
func (programsLog) Errorf(string, ...any)  {}
func (l programsLog) Fatalf(format string, v ...any) {
	select {
	case l.failed <- fmt.Sprintf(format, v...):
	default:
	}
}
