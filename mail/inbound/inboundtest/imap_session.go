package inboundtest

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// session is a connection, before and after the login. Commands that change a mailbox are violations.
type session struct {
	*imapmemserver.UserSession // nil before the login
	server                     *Server
	box                        *box
}

func (s *session) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

// Login refuses with the codes of RFC 5530, section 3.
func (s *session) Login(user, password string) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	codes := map[Fault]imap.ResponseCode{
		TooMany: imap.ResponseCodeLimit, Internal: imap.ResponseCodeUnavailable, Refuse: "",
		Revoke: imap.ResponseCodeAuthenticationFailed,
	}
	if code, ok := codes[s.server.fault]; ok {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: "not now, " + user}
	}
	b := s.server.boxes[user]
	if b == nil || password != Password {
		return imapserver.ErrAuthFailed
	}
	s.server.logins++
	s.box, s.UserSession = b, imapmemserver.NewUserSession(b.user)
	return nil
}

func (s *session) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	if !options.ReadOnly {
		return nil, s.server.violation("SELECT instead of EXAMINE")
	}
	data, err := s.UserSession.Select(name, options)
	if err == nil {
		data.UIDValidity = s.box.validity
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if s.server.noNext {
			data.UIDNext = 0
		}
	}
	return data, err
}

// List lists all folders, whatever is asked for, as servers with special uses do: with the attributes.
func (s *session) List(w *imapserver.ListWriter, _ string, _ []string, _ *imap.ListOptions) error {
	s.server.mu.Lock()
	folders := append([]*imap.ListData{{Delim: '/', Mailbox: "INBOX"}}, s.box.folders...)
	s.server.mu.Unlock()
	for _, folder := range folders {
		if err := w.WriteList(folder); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	for _, section := range options.BodySection {
		if !section.Peek {
			return s.server.violation("BODY[] instead of BODY.PEEK[]")
		}
		if s.isWithheld(set) {
			return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeServerBug, Text: "Internal error occurred"}
		}
	}
	return s.UserSession.Fetch(w, set, options)
}

// isWithheld reports whether one of the mails is withheld. The UID of a mail is its position, since none is ever removed.
func (s *session) isWithheld(set imap.NumSet) bool {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	uids, ok := set.(imap.UIDSet)
	if !ok || s.server.withheld == "" {
		return false
	}
	for i, one := range s.box.mails {
		if uids.Contains(imap.UID(i+1)) && strings.Contains(one.raw, s.server.withheld) {
			return true
		}
	}
	return false
}

// Idle polls: go-imap's Idle does not report mails that arrived right before it (imapserver/tracker.go).
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	s.count(1)
	defer s.count(-1)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.UserSession.Poll(w, true); err != nil {
				return err
			}
		case <-stop:
			return nil
		}
	}
}

func (s *session) count(n int) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.idling += n
}

func (s *session) Store(*imapserver.FetchWriter, imap.NumSet, *imap.StoreFlags, *imap.StoreOptions) error {
	return s.server.violation("STORE")
}

func (s *session) Copy(imap.NumSet, string) (*imap.CopyData, error) {
	return nil, s.server.violation("COPY")
}

func (s *session) Expunge(*imapserver.ExpungeWriter, *imap.UIDSet) error {
	return s.server.violation("EXPUNGE")
}

func (s *session) Append(string, imap.LiteralReader, *imap.AppendOptions) (*imap.AppendData, error) {
	return nil, s.server.violation("APPEND")
}

// faultyListener keeps the connections, and injects faults below the protocol.
type faultyListener struct {
	net.Listener
	server *Server
}

func (l *faultyListener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		s := l.server
		s.mu.Lock()
		c := &conn{Conn: raw, server: s, noIdle: s.noIdle, surprises: s.fault == Surprise}
		s.conns[c] = struct{}{}
		fault := s.fault
		s.mu.Unlock()
		switch fault {
		case HTML:
			io.WriteString(raw, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><p>Be right back")
			c.Close()
		case Truncate:
			io.WriteString(raw, "* OK [CAPABILITY IMAP4rev1 LOG")
			c.Close()
		case Hang, Swallow:
			// It is closed by Drop.
		default:
			return c, nil
		}
	}
}

type conn struct {
	net.Conn
	server    *Server
	noIdle    bool
	surprises bool
	silent    atomic.Bool
}

func (c *conn) Write(b []byte) (int, error) {
	if c.silent.Load() {
		return len(b), nil
	}
	if c.surprises && !bytes.HasPrefix(b, []byte("* OK")) {
		c.Conn.Write([]byte("* XSURPRISE 17\r\n")) // if it fails, so does what follows
	}
	if c.noIdle {
		if _, err := c.Conn.Write(bytes.ReplaceAll(b, []byte(" IDLE"), nil)); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	go func() { // Drop closes while it holds the lock
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		delete(c.server.conns, c)
	}()
	return c.Conn.Close()
}
