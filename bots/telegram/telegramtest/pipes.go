package telegramtest

import (
	"net/http"
	"testing"

	"linienfunk/internal/testkit"
)

// NewOnPipes starts a server on in-memory pipes, for testing/synctest bubbles, and returns it with an HTTP client for it.
func NewOnPipes(t testing.TB) (*Server, *http.Client) {
	s := newServer(t)
	s.URL = "http://telegram.test"
	listener := testkit.NewPipes()
	server := &http.Server{Handler: s}
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(listener) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 20, DialContext: listener.DialContext}
	t.Cleanup(func() { close(s.closed); transport.CloseIdleConnections(); server.Close(); <-served })
	return s, &http.Client{Transport: transport}
}
