package inbound

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// LMTP is the address of the LMTP server (RFC 2033) for a mail server in front of the program: a TCP port, or a Unix socket in a directory that
// this mail server may enter. Nobody else may reach it, because all clients are trusted like relays.
type LMTP struct{ network, address string }

// ParseLMTP reads host:port or unix:/path, in a directory that exists. It returns nil for an empty value.
func ParseLMTP(value string) (*LMTP, error) {
	if value == "" {
		return nil, nil
	}
	if path, ok := strings.CutPrefix(value, "unix:"); ok {
		if !strings.HasPrefix(path, "/") || len(path) > maxSocketPath {
			return nil, fmt.Errorf("lmtp: the path in %q must begin with a slash and have at most %d bytes", value, maxSocketPath)
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("lmtp: the socket's directory must exist: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("lmtp: %s is not a directory", filepath.Dir(path))
		}
		return &LMTP{"unix", path}, nil
	}
	host, port, err := net.SplitHostPort(value)
	if err != nil || port == "" || host == "" {
		return nil, fmt.Errorf("lmtp: %q is neither host:port nor unix:/path", value)
	}
	if port == "25" {
		return nil, errors.New("lmtp: port 25 is for SMTP only (RFC 2033, section 5)")
	}
	return &LMTP{"tcp", value}, nil
}

// maxSocketPath is the longest path of a socket: sun_path has 108 bytes on Linux and 104 on BSD, with a zero at the end.
const maxSocketPath = 103

// socketMode lets every user connect who may enter the directory: the mail server runs as a user that we do not know.
const socketMode = 0o666

// open listens. It replaces a socket that a killed process has left behind, but not one where a process listens.
func (l *LMTP) open() (net.Listener, error) {
	if l.network == "unix" {
		if err := l.removeStale(); err != nil {
			return nil, fmt.Errorf("lmtp: %w", err)
		}
	}
	listener, err := net.Listen(l.network, l.address)
	if err != nil {
		return nil, fmt.Errorf("lmtp: %w", err)
	}
	if l.network == "unix" {
		if err := os.Chmod(l.address, socketMode); err != nil {
			return nil, errors.Join(fmt.Errorf("lmtp: %w", err), listener.Close())
		}
	}
	return listener, nil
}

func (l *LMTP) removeStale() error {
	switch info, err := os.Lstat(l.address); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s exists and is not a socket", l.address)
	}
	conn, err := net.DialTimeout(l.network, l.address, time.Second)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) { // no process listens; other errors mean too busy, or no permission
		return fmt.Errorf("another program listens on %s already", l.address)
	}
	return os.Remove(l.address)
}
