package app

import (
	"context"
	"net"
	"net/http"
	"time"
)

// stopTime is how long open requests may take to finish when the program stops.
const stopTime = 5 * time.Second

// serveUntil serves HTTP until ctx ends. Requests that run then have stopTime to finish. It closes the listener.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		server.Close()
	}
	return <-served
}
