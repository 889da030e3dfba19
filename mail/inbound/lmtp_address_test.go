package inbound

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhereLMTPListens(t *testing.T) {
	for value, want := range map[string]LMTP{
		"127.0.0.1:24": {"tcp", "127.0.0.1:24"}, "[::1]:2424": {"tcp", "[::1]:2424"}, "unix:/tmp/lmtp": {"unix", "/tmp/lmtp"},
	} {
		if got, err := ParseLMTP(value); err != nil || *got != want {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"24", ":24", "host", "host:", "unix:", "unix:lmtp", "unix:/no/such/directory/lmtp", "unix:/dev/null/lmtp", "unix:/" + strings.Repeat("x", 103), "127.0.0.1:25"} {
		if got, err := ParseLMTP(value); err == nil || !strings.HasPrefix(err.Error(), "lmtp: ") {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
}

func TestASocketIsReplacedOnlyIfNoProcessListensOnIt(t *testing.T) {
	dir, err := os.MkdirTemp("", "lmtp") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l := &LMTP{"unix", filepath.Join(dir, "socket")}
	first, err := l.open()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := l.open(); err == nil {
		second.Close()
		t.Error("a socket is taken away from who listens there")
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as a kill does
	first.Close()
	third, err := l.open()
	if err != nil {
		t.Fatalf("a socket that was left behind is in the way: %v", err)
	}
	if info, err := os.Stat(l.address); err != nil || info.Mode().Perm() != socketMode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	third.Close()
	other, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: l.address, Net: "unixgram"}) // as /dev/log is
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := l.open(); err == nil {
		taken.Close()
		t.Error("a socket of another kind is taken away from who listens there")
	}
	other.Close()
	os.Remove(l.address)
	if err := os.WriteFile(l.address, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if fourth, err := l.open(); err == nil {
		fourth.Close()
		t.Error("a file is removed")
	}
}
