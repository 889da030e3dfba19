#!/usr/bin/env bash
# A mail server may compare the name in EHLO with the client's address (RFC 5321, section 4.1.4).
#
# guess: with NewClientStartTLS the name of Client.Hello is the only one that the server sees
# seen:  the connection begins with EHLO localhost, before a name can be set
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"

	"github.com/emersion/go-smtp"
)

func certificate() tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve prints the commands that it gets.
func serve(conn net.Conn, config *tls.Config) {
	fmt.Fprint(conn, "220 server.example\r\n")
	for in := bufio.NewReader(conn); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		fmt.Println(line)
		switch {
		case strings.HasPrefix(line, "EHLO"):
			fmt.Fprint(conn, "250-server.example\r\n250 STARTTLS\r\n")
		case line == "STARTTLS":
			fmt.Fprint(conn, "220 go ahead\r\n")
			conn = tls.Server(conn, config)
			in = bufio.NewReader(conn)
		default:
			fmt.Fprint(conn, "221 bye\r\n")
			io.Copy(io.Discard, conn)
		}
	}
}

func main() {
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(far, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	}()
	client, err := smtp.NewClientStartTLS(near, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		panic(err)
	}
	if err := client.Hello("client.example"); err != nil {
		fmt.Println("Hello:", err)
	}
	if err := client.Quit(); err != nil {
		fmt.Println("Quit:", err)
	}
	near.Close()
	<-done
}
GO
run_go github.com/emersion/go-smtp v0.25.1
expect <<'SEEN'
EHLO localhost
STARTTLS
EHLO client.example
QUIT
SEEN
