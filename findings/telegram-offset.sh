#!/usr/bin/env bash
# getUpdates with an offset confirms all updates before it: Telegram forgets them. https://core.telegram.org/bots/api#getupdates
#
# guess: with synchronous handlers and one worker, an update is confirmed when its handler has returned
# seen:  all updates of a response are confirmed while the handler of the first one runs: a program that is killed then loses them
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

func main() {
	asked := make(chan int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset := r.FormValue("offset")
		var next int64
		fmt.Sscan(offset, &next)
		select {
		case asked <- next:
		case <-r.Context().Done():
			return
		}
		var updates []map[string]any
		if next <= 1 {
			for id := 1; id <= 3; id++ {
				updates = append(updates, map[string]any{"update_id": id, "message": map[string]any{
					"message_id": id, "date": 1, "text": fmt.Sprint("text ", id), "chat": map[string]any{"id": 1, "type": "private"}}})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": updates})
	}))
	handling, finish := make(chan string, 3), make(chan struct{})
	b, err := bot.New("1:token", bot.WithServerURL(server.URL), bot.WithSkipGetMe(), bot.WithWorkers(1), bot.WithNotAsyncHandlers(),
		bot.WithDefaultHandler(func(_ context.Context, _ *bot.Bot, u *models.Update) {
			handling <- u.Message.Text
			<-finish
		}))
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go b.Start(ctx)
	fmt.Println("getUpdates, offset", <-asked)
	fmt.Println("handling", <-handling)
	fmt.Println("getUpdates, offset", <-asked)
	fmt.Println("handlers that have returned: 0")
	close(finish)
	stop()
}
GO
run_go github.com/go-telegram/bot v1.19.0
expect <<'SEEN'
getUpdates, offset 1
handling text 1
getUpdates, offset 4
handlers that have returned: 0
SEEN
