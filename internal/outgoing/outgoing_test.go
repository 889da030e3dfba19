package outgoing

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"linienfunk/internal/testkit/table"
)

func TestOnlyPublicAddressesAreAllowed(t *testing.T) {
	t.Parallel()
	allowed := func(address string) bool { return isPublic(netip.MustParseAddr(address)) }
	table.Check(t, allowed, map[string]bool{
		"93.184.216.34": true, "2606:4700::1111": true,
		"127.0.0.1": false, "10.1.2.3": false, "192.168.1.1": false, "172.16.0.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fd00::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::7f00:1": false,
		"2001:0:4136:e378::": false, "fec0::1": false,
	})
}

func TestPrivateAddressesAreRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, err := Client(false, "test/1").Get(server.URL); !errors.Is(err, ErrPrivate) {
		t.Errorf("got %v", err)
	}
	answer, err := Client(true, "test/1").Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	address := server.Listener.Addr().String()
	if _, err := Dialer(false).Dial("tcp", address); !errors.Is(err, ErrPrivate) {
		t.Errorf("dialing: got %v", err)
	}
	conn, err := Dialer(true).Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestAPrivateAddressEmbeddedInIPv6IsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"[::ffff:127.0.0.1]:80", "[64:ff9b::7f00:1%lo]:80"} {
		if err := refusePrivate("tcp6", address, nil); !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestARequestWithoutAUserAgentGetsTheProgramsAndRedirectsKeepIt(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.UserAgent())
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/", http.StatusFound)
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		path, agent string
		want        []string
	}{
		{"/", "", []string{"test/1"}},
		{"/moved", "", []string{"test/1", "test/1"}},
		{"/", "browser", []string{"browser"}},
	} {
		got = nil
		request := httptest.NewRequest(http.MethodGet, server.URL+c.path, nil)
		request.RequestURI = ""
		if c.agent != "" {
			request.Header.Set("User-Agent", c.agent)
		}
		answer, err := Client(true, "test/1").Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with %q: the server saw %q, want %q", c.path, c.agent, got, c.want)
		}
		if request.UserAgent() != c.agent {
			t.Errorf("the caller's request was changed to %q", request.UserAgent())
		}
	}
}

func TestStreamsAndCallsToOneHostShareAConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, ":)\n")
		if r.URL.Path == "/stream" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	var connections atomic.Int32
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := Client(true, "test/1")
	client.Transport.(named).next.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	defer client.CloseIdleConnections()
	for _, path := range []string{"/", "/stream", "/stream", "/"} {
		answer, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.ReadFull(answer.Body, make([]byte, 3)); err != nil {
			t.Error(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
