#!/usr/bin/env bash
# RFC 5321, sections 4.1.1.3 and 4.5.1: a server must accept RCPT TO:<Postmaster> without a domain, in any case.
#
# guess: go-smtp passes the recipient to the backend, which decides
# seen:  501; the backend is not called and cannot accept the mail
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"

	"github.com/emersion/go-smtp"
)

type backend struct{ calls []string }

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return session{b}, nil }

type session struct{ b *backend }

func (s session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.b.calls = append(s.b.calls, to)
	return nil
}
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Data(io.Reader) error                 { return nil }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	b := &backend{}
	server := smtp.NewServer(b)
	server.Domain = "server.example"
	go server.Serve(listener)
	client, err := textproto.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	client.ReadResponse(220)
	for _, line := range []string{
		"EHLO client.example", "MAIL FROM:<a@client.example>",
		"RCPT TO:<postmaster@server.example>", "RCPT TO:<postmaster>", "RCPT TO:<Postmaster>",
	} {
		client.PrintfLine("%s", line)
		code, _, _ := client.ReadResponse(0)
		if strings.HasPrefix(line, "RCPT") {
			fmt.Println(line, code)
		}
	}
	fmt.Println("backend:", b.calls)
}
GO
run_go github.com/emersion/go-smtp v0.25.1
expect <<'SEEN'
RCPT TO:<postmaster@server.example> 250
RCPT TO:<postmaster> 501
RCPT TO:<Postmaster> 501
backend: [postmaster@server.example]
SEEN
