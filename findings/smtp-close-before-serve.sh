#!/usr/bin/env bash
# A program that is stopped while it starts calls Close before Serve, from another goroutine.
#
# guess: as in net/http, Serve then returns ErrServerClosed and accepts no connection
# seen:  Serve accepts connections, and only the listener's own Close ends it
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net"
	"net/textproto"

	"github.com/emersion/go-smtp"
)

type backend struct{}

func (backend) NewSession(*smtp.Conn) (smtp.Session, error) { return session{}, nil }

type session struct{}

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (session) Data(io.Reader) error                 { return nil }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := smtp.NewServer(backend{})
	server.Domain = "server.example"
	fmt.Println("Close:", server.Close())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	client, err := textproto.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	code, greeting, err := client.ReadResponse(0)
	fmt.Println("a connection after Close:", code, greeting, err)
	fmt.Println("Close:", server.Close())
	listener.Close()
	<-ended
	fmt.Println("Serve has returned")
}
GO
run_go github.com/emersion/go-smtp v0.25.1
expect <<'SEEN'
Close: <nil>
a connection after Close: 220 server.example ESMTP Service Ready <nil>
Close: smtp: server already closed
Serve has returned
SEEN
