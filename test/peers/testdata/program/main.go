// Program is a program of a city after docs/report-protocol.md, as the one in Node.js that the page has: it hands in the lines of the file outbox,
// remembers in stored which of them it has handed in, and keeps in got what it gets. It uses nothing of Linienfunk.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

func main() {
	user := os.Getenv("NATS_USER")
	options := []nats.Option{nats.UserInfo(user, os.Getenv("NATS_PASSWORD")), nats.CustomInboxPrefix("_INBOX." + user), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true)}
	if authority := os.Getenv("NATS_CA"); authority != "" {
		options = append(options, nats.RootCAs(authority))
	}
	conn, err := nats.Connect(os.Getenv("NATS_URL"), options...)
	check(err)
	known := map[string]bool{}
	for _, line := range lines("got") {
		var message struct{ ID string }
		check(json.Unmarshal(line, &message))
		known[message.ID] = true
	}
	_, err = conn.Subscribe("report.out."+user, func(m *nats.Msg) {
		var message struct{ Type, ID string }
		check(json.Unmarshal(m.Data, &message))
		if message.Type != "report" || !known[message.ID] {
			store("got", m.Data)
		}
		known[message.ID] = true
		check(m.Respond([]byte(`{"taken":true}`)))
	})
	check(err)
	stored := map[string]bool{}
	for _, line := range lines("stored") {
		stored[string(line)] = true
	}
	for _, line := range lines("outbox") {
		var message struct{ ID string }
		check(json.Unmarshal(line, &message))
		for !stored[message.ID] {
			var answer struct {
				Error      string
				RetryAfter int `json:"retry_after"`
			}
			m, err := conn.Request("report.in."+user, line, 10*time.Second)
			if err == nil {
				err = json.Unmarshal(m.Data, &answer)
			}
			if err != nil {
				answer.Error, answer.RetryAfter = err.Error(), 1
			}
			if answer.Error != "" {
				log.Println(message.ID, answer.Error)
			}
			if answer.RetryAfter > 0 {
				time.Sleep(time.Duration(answer.RetryAfter) * time.Second)
				continue
			}
			store("stored", []byte(message.ID))
			stored[message.ID] = true
		}
	}
	select {}
}

func lines(name string) (all [][]byte) {
	file, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil
	}
	check(err)
	defer file.Close()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		all = append(all, append([]byte(nil), scanner.Bytes()...))
	}
	return all
}

func store(name string, line []byte) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(err)
	_, err = file.Write(append(append([]byte(nil), line...), '\n'))
	check(err)
	check(file.Sync())
	check(file.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
