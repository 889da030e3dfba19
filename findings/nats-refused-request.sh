#!/usr/bin/env bash
# A program whose user may publish only some subjects asks on another one. The server answers with a permissions violation, which names the subject:
# https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization
#
# guess: in Go and in JavaScript the request fails at once, with an error that says so
# seen:  in JavaScript it does. In Go only the connection's handler of errors is told at once: the request itself waits for its time limit, and fails with
#        that. A request that is answered late and one that is forbidden look alike to its caller
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func main() {
	users := []*server.User{{Username: "program", Password: "secret", Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{"report.in.bern"}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
	}}}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, Users: users, NoLog: true, NoSigs: true})
	must(err)
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		panic("not ready")
	}
	conn, err := nats.Connect(s.ClientURL(), nats.UserInfo("program", "secret"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			fmt.Println("go: the handler of errors is told")
		}
	}))
	must(err)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	_, err = conn.RequestWithContext(ctx, "report.in.ghent", nil)
	fmt.Println("go: the request fails at once:", !errors.Is(err, context.DeadlineExceeded))
	node := exec.Command("node", "main.mjs", s.ClientURL())
	node.Stdout, node.Stderr = os.Stdout, os.Stderr
	must(node.Run())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
cat >main.mjs <<'JS'
import { connect } from "@nats-io/transport-node";
const conn = await connect({ servers: process.argv[2], user: "program", pass: "secret" });
const begun = Date.now();
try {
  await conn.request("report.in.ghent", "", { timeout: 3000 });
} catch (err) {
  console.log("node: the request fails at once:", Date.now() - begun < 2500, err.name);
}
await conn.close();
JS
echo '{"type": "module"}' >package.json
install npm install --ignore-scripts --no-audit --no-fund @nats-io/transport-node@3.4.0
echo @nats-io/transport-node 3.4.0
run_go github.com/nats-io/nats-server/v2 v2.15.2 github.com/nats-io/nats.go v1.55.0
expect <<'SEEN'
go: the handler of errors is told
go: the request fails at once: false
node: the request fails at once: true RequestError
SEEN
