package inbound_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"linienfunk/internal/testkit"
	"linienfunk/mail/inbound"
)

// listing answers like a server that sends the given lines to LIST.
func listing(t testing.TB, conn net.Conn, lines string) {
	defer conn.Close()
	io.WriteString(conn, "* OK [CAPABILITY IMAP4rev1] ready\r\n")
	for commands := bufio.NewScanner(conn); commands.Scan(); {
		tag, rest, _ := strings.Cut(commands.Text(), " ")
		if strings.HasPrefix(rest, "LIST") {
			io.WriteString(conn, lines)
		}
		if _, err := io.WriteString(conn, tag+" OK done\r\n"); err != nil {
			return
		}
	}
}

// FuzzFolders has a server answer anything to LIST: that is an error, or folders that can be asked for.
func FuzzFolders(f *testing.F) {
	f.Add("* LIST (\\HasNoChildren \\Sent) \"/\" \"Gesendet\"\r\n* LIST (\\Noselect) NIL {3}\r\na\"b\r\n")
	f.Add("* LIST () \".\" Verkehr.Z&APw-ge\r\n* LIST () \"/\" &bad\r\n")
	f.Add("* LIST (\\Junk) \"ab\" \"x\" (OLDNAME (\"y\"))\r\n")
	f.Fuzz(func(t *testing.T, lines string) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		go func() {
			if conn, err := listener.Accept(); err == nil {
				listing(t, conn, lines)
			}
		}()
		fetcher := &inbound.Fetcher{Timing: inbound.Timing{Open: 500 * time.Millisecond, Step: time.Second}, Now: time.Now, Log: testkit.Log(t),
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, listener.Addr().String())
			}}
		folders, _, err := fetcher.Folders(t.Context(), inbound.Account{Host: "127.0.0.1", Security: inbound.NoTLS, Login: "a", Password: "b"})
		if err != nil {
			return
		}
		for _, one := range folders {
			if one.Name == "" || !utf8.ValidString(one.Name) || strings.ContainsAny(one.Name, "\x00\r\n") || one.Parent != "" && !strings.HasPrefix(one.Name, one.Parent) {
				t.Errorf("%q is listed as %+v", lines, one)
			}
		}
	})
}
