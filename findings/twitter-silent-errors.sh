#!/usr/bin/env bash
# go-twitter speaks version 1.1 of the API. The same servers answer some calls in the format of version 2 (a problem document),
# and proxies before them answer without a body.
#
# guess: every status but 2xx is an error
# seen:  nil for each of these unless the body has "errors" with a code in it; the post then has the id 0
. "$(dirname "$0")/lib.sh"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/dghubble/go-twitter/twitter"
)

// local sends every request to a server of this program.
type local struct{ host string }

func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", l.host
	return http.DefaultTransport.RoundTrip(r)
}

func main() {
	status, body := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	u, err := url.Parse(server.URL)
	if err != nil {
		panic(err)
	}
	client := twitter.NewClient(&http.Client{Transport: local{u.Host}})
	for _, c := range []struct {
		status int
		body   string
	}{
		{503, ""},
		{503, `{"title":"Service Unavailable","status":503}`},
		{403, `{"title":"Forbidden","detail":"You are not permitted","status":403}`},
		{403, `{"errors":[{"code":187,"message":"Status is a duplicate."}]}`},
	} {
		status, body = c.status, c.body
		tweet, _, err := client.Statuses.Update("hello", nil)
		fmt.Printf("%d %s -> id %d, error: %v\n", status, body, tweet.ID, err)
	}
}
GO
run_go github.com/dghubble/go-twitter/twitter v0.0.0-20221104224141-912508c3888b
expect <<'SEEN'
503  -> id 0, error: <nil>
503 {"title":"Service Unavailable","status":503} -> id 0, error: <nil>
403 {"title":"Forbidden","detail":"You are not permitted","status":403} -> id 0, error: <nil>
403 {"errors":[{"code":187,"message":"Status is a duplicate."}]} -> id 0, error: twitter: 187 Status is a duplicate.
SEEN
