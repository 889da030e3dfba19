package bus

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"linienfunk/internal/disk"
)

// embedded is a NATS server in this process, without a port. It is the client's nats.InProcessConnProvider, so that the client connects
// again by itself after a restart of the server.
type embedded struct {
	dir     string // of the streams
	log     *slog.Logger
	timeout time.Duration // for the start
	failed  chan struct{} // holds a token after the server has logged an error, or did not answer

	mu     sync.Mutex
	server *server.Server // nil while none runs
	stuck  bool           // it does not answer; see health
}

// InProcessConn implements nats.InProcessConnProvider.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errors.New("the embedded NATS server is not running")
	}
	return e.server.InProcessConn()
}

// start starts the server. With SyncAlways JetStream acknowledges a message only once it is on disk.
func (e *embedded) start() error {
	s, err := server.NewServer(&server.Options{
		ServerName: "linienfunk", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: e.dir, SyncAlways: true,
		MaxPayload: 1 << 20,
	})
	if err != nil {
		return fmt.Errorf("embed NATS: %w", err)
	}
	s.SetLoggerV2(natsLog{e}, false, false, false)
	go s.Start() // ends with Shutdown, which stop waits for
	ready := s.ReadyForConnections(e.timeout)
	e.mu.Lock()
	e.server, e.stuck = s, false
	e.mu.Unlock()
	switch {
	case !ready:
		return fmt.Errorf("embed NATS: not ready after %s", e.timeout)
	case !s.JetStreamEnabled(): // its start failed; the server's own error is in the log
		return fmt.Errorf("embed NATS: the streams in %s cannot be opened", e.dir)
	}
	return nil
}

// stop ends the server. One that is stuck does not end; it is left behind, holds its memory, and no client can connect to it.
func (e *embedded) stop() {
	e.mu.Lock()
	s, patience := e.server, e.timeout
	if e.stuck {
		patience = 0
	}
	e.server = nil
	e.mu.Unlock()
	if s == nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Shutdown()
		s.WaitForShutdown()
	}()
	select {
	case <-ended:
	case <-time.After(max(patience, time.Second)):
		e.log.Error("the embedded NATS server does not end; another one takes its place")
	}
}

// stuckTime is how long the server may take to say how it is.
const stuckTime = 5 * time.Second

// errStuck is the error of a server that does not say how it is. nats-server 2.15.2 locks itself out of a stream if the disk has no space for
// what a purge writes.
var errStuck = errors.New("the server is stuck")

// health returns an error if the server does not store the messages of a stream. known is false if the server does not say: it allows
// itself a millisecond to find out that it runs, which is too short on a busy machine.
func (e *embedded) health() (known bool, err error) {
	e.mu.Lock()
	s := e.server
	e.mu.Unlock()
	if s == nil {
		return false, nil
	}
	found := make(chan []server.HealthzError, 1)
	go func() { found <- s.Healthz(&server.HealthzOptions{Details: true}).Errors }()
	select {
	case list := <-found:
		return readHealth(list)
	case <-time.After(stuckTime):
		e.mu.Lock()
		defer e.mu.Unlock()
		e.stuck = e.server == s
		return true, errStuck
	}
}

func readHealth(list []server.HealthzError) (known bool, err error) {
	for _, found := range list {
		if found.Type == server.HealthzErrorConn {
			return false, nil
		}
		err = disk.Error(found.Error)
	}
	return true, err
}

// suspect has the server's health looked at.
func (e *embedded) suspect() {
	select {
	case e.failed <- struct{}{}:
	default: // it will be
	}
}

// probe returns nil if the directory takes some megabytes, and so do those of the streams, which may be other disks.
func (e *embedded) probe() error {
	dirs, err := filepath.Glob(filepath.Join(e.dir, "jetstream", "*", "streams", "*"))
	for _, dir := range append(dirs, e.dir) {
		err = cmp.Or(err, disk.Probe(dir))
	}
	return err
}

// natsLog passes the embedded server's warnings and errors on.
type natsLog struct{ *embedded }

func (natsLog) Noticef(string, ...any)          {}
func (natsLog) Debugf(string, ...any)           {}
func (natsLog) Tracef(string, ...any)           {}
func (l natsLog) Warnf(format string, v ...any) { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l natsLog) Errorf(format string, v ...any) {
	l.log.Error("nats: " + fmt.Sprintf(format, v...))
	l.suspect()
}
func (l natsLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }
