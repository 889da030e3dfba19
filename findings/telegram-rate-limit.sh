#!/usr/bin/env bash
# go-telegram/bot exports one error value for each status of the Bot API: ErrorUnauthorized, ErrorForbidden, ErrorTooManyRequests, ...
# The rate limit also has a type with the seconds to wait, added in https://github.com/go-telegram/bot/pull/69.
#
# guess: errors.Is recognises all of them
# seen:  it recognises all but ErrorTooManyRequests, although the error's text begins with that of the value
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-telegram/bot"
)

func main() {
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"ok":false,"error_code":%d,"description":"no","parameters":{"retry_after":7}}`, status)
	}))
	b, err := bot.New("1:token", bot.WithServerURL(server.URL), bot.WithSkipGetMe())
	if err != nil {
		panic(err)
	}
	for _, c := range []struct {
		status int
		value  error
	}{
		{400, bot.ErrorBadRequest}, {401, bot.ErrorUnauthorized}, {403, bot.ErrorForbidden},
		{404, bot.ErrorNotFound}, {409, bot.ErrorConflict}, {429, bot.ErrorTooManyRequests},
	} {
		status = c.status
		_, err := b.SendMessage(context.Background(), &bot.SendMessageParams{ChatID: 1, Text: "hello"})
		fmt.Printf("%d %q errors.Is: %v\n", status, err, errors.Is(err, c.value))
	}
}
GO
run_go github.com/go-telegram/bot v1.19.0
expect <<'SEEN'
400 "bad request, no" errors.Is: true
401 "unauthorized, no" errors.Is: true
403 "forbidden, no" errors.Is: true
404 "not found, no" errors.Is: true
409 "conflict, no" errors.Is: true
429 "too many requests, no: retry_after 7" errors.Is: false
SEEN
