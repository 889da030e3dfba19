#!/usr/bin/env bash
# huma serves the description of an API at an address of its own. Two clients ask for it at the same time, right after the start.
#
# guess: the description is made once, under a lock, and both get it
# seen:  each of the first requests makes it and keeps it in a variable without a lock: Go's race detector reports it
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

func main() {
	for range 50 {
		mux := http.NewServeMux()
		humago.New(mux, huma.DefaultConfig("reports", "1"))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				answer := httptest.NewRecorder()
				mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
				if answer.Code != http.StatusOK {
					panic(answer.Code)
				}
			})
		}
		both.Wait()
	}
	fmt.Println("served")
}
GO
install go mod init finding
install go get github.com/danielgtaylor/huma/v2@v2.37.2
echo github.com/danielgtaylor/huma/v2 v2.37.2
{ go run -race . 2>&1 || true; } | grep -E '^(served|WARNING: DATA RACE)' | sort -u | tee seen
expect <<'SEEN'
WARNING: DATA RACE
served
SEEN
