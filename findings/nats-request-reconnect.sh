#!/usr/bin/env bash
# A request waits for its reply when the server goes away. The client connects again, but the new connection's server has never seen the request.
#
# guess: the request fails when the connection breaks, since no reply can come any more
# seen:  it outlives the connection, and ends with its own time limit: a caller without a short one waits for a reply that nobody will send
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func start(port int) *server.Server {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	must(err)
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		panic("not ready")
	}
	return s
}

func main() {
	s := start(server.RANDOM_PORT)
	back := make(chan struct{})
	client, err := nats.Connect(s.ClientURL(), nats.ReconnectWait(10*time.Millisecond), nats.ReconnectHandler(func(*nats.Conn) { close(back) }))
	must(err)
	other, err := nats.Connect(s.ClientURL(), nats.NoReconnect())
	must(err)
	asked := make(chan struct{})
	_, err = other.Subscribe("question", func(*nats.Msg) { close(asked) }) // takes its time
	must(err)
	must(other.Flush())
	answered := make(chan error, 1)
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
		defer stop()
		_, err := client.RequestWithContext(ctx, "question", nil)
		answered <- err
	}()
	<-asked
	port := s.Addr().(*net.TCPAddr).Port
	s.Shutdown()
	s.WaitForShutdown()
	start(port)
	<-back
	select {
	case err := <-answered:
		fmt.Println("has failed before the client was connected again:", err)
	default:
		fmt.Println("still waits once the client is connected again")
		fmt.Println("ends with its own time limit:", errors.Is(<-answered, context.DeadlineExceeded))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
run_go github.com/nats-io/nats-server/v2 v2.15.2 github.com/nats-io/nats.go v1.55.0
expect <<'SEEN'
still waits once the client is connected again
ends with its own time limit: true
SEEN
