#!/usr/bin/env bash
# A stream on a file system that is full for a moment. JetStream answers each publish, with an error if the message could not be stored:
# https://docs.nats.io/nats-concepts/jetstream
#
# guess: a publish on the full disk gets an error at once, and one after there is space again is stored
# seen:  neither gets any answer, and nothing is stored until the server is restarted; a stream that was not written meanwhile works on, and
#        Server.Healthz alone knows
# Needs root, to mount a file system of 32 MB.
. "$(dirname "$0")/lib.sh"
mkdir disk
mount -t tmpfs -o size=32m tmpfs disk || exit 2
trap 'umount "$dir/disk"; rm -rf "$dir"' EXIT
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var js jetstream.JetStream

func start() *server.Server {
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: "disk/nats", SyncAlways: true, NoLog: true})
	must(err)
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		panic("not ready")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	must(err)
	js, err = jetstream.New(conn)
	must(err)
	return s
}

func publish(subject string, size int) string {
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	_, err := js.Publish(ctx, subject, make([]byte, size))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer"
	case err != nil:
		return err.Error()
	}
	return "stored"
}

func main() {
	s := start()
	for _, name := range []string{"written", "idle"} {
		_, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: name, Subjects: []string{name}, Storage: jetstream.FileStorage})
		must(err)
	}
	fmt.Println("at first:", publish("written", 1), publish("idle", 1))
	filler, err := os.Create("disk/filler")
	must(err)
	for size := 64 << 10; size > 0; {
		if _, err := filler.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	fmt.Println("on the full disk:", publish("written", 64<<10))
	filler.Close()
	must(os.Remove("disk/filler"))
	fmt.Println("with space again:", publish("written", 1), "/", publish("idle", 1))
	fmt.Println("healthy:", s.Healthz(nil).Error == "")
	s.Shutdown()
	s.WaitForShutdown()
	start()
	fmt.Println("after a restart:", publish("written", 1))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
run_go github.com/nats-io/nats-server/v2 v2.15.2 github.com/nats-io/nats.go v1.55.0
expect <<'SEEN'
at first: stored stored
on the full disk: no answer
with space again: no answer / stored
healthy: false
after a restart: stored
SEEN
