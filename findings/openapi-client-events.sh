#!/usr/bin/env bash
# An operation answers with server-sent events (text/event-stream). oapi-codegen makes a client from the description of it, with two methods: one whose name ends in WithResponse,
# which "parses" the answer, and one without.
#
# guess: for a stream, the method with WithResponse is missing, or returns when the header has come, with a body to read
# seen:  the method exists, reads the body to its end, and so returns nothing as long as the stream lives, with no event and no error
. "$(dirname "$0")/lib.sh"
cat >openapi.yaml <<'YAML'
openapi: 3.0.3
info: {title: events, version: "1"}
paths:
  /events:
    get:
      operationId: events
      responses:
        "200":
          description: reports as they happen
          content: {text/event-stream: {schema: {type: string}}}
YAML
cat >main.go <<'GO'
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: inspectors at the station\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	client, err := NewClientWithResponses(server.URL)
	must(err)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	answer, err := client.Events(ctx)
	must(err)
	line, err := bufio.NewReader(answer.Body).ReadString('\n')
	must(err)
	fmt.Print("Events: ", line)
	answer.Body.Close()
	_, err = client.EventsWithResponse(ctx)
	fmt.Println("EventsWithResponse returns the event:", err == nil)
	fmt.Println("EventsWithResponse waits for the end of the stream:", errors.Is(err, context.DeadlineExceeded))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
install go mod init finding
install go get -tool github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
install go tool oapi-codegen -package main -generate types,client -o client.go openapi.yaml
install go mod tidy
echo github.com/oapi-codegen/oapi-codegen/v2 v2.8.2
go run . | tee seen
expect <<'SEEN'
Events: data: inspectors at the station
EventsWithResponse returns the event: false
EventsWithResponse waits for the end of the stream: true
SEEN
