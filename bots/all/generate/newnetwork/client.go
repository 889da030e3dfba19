package newnetwork

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"linienfunk/bots"
)

const (
	callTime  = 40 * time.Second // of a call; longer than a long poll
	maxAnswer = 1 << 20          // bytes
)

// client calls the API of a server for one account.
type client struct {
	http   *http.Client
	server string
	token  string
}

// message is a message of the API.
type message struct {
	ID      int64     `json:"id"`
	Author  string    `json:"author,omitempty"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Private bool      `json:"private,omitempty"` // only the city's account sees it
	Own     bool      `json:"own,omitempty"`     // the city's account wrote it
}

// call sends a request and reads the answer into answer, unless that is nil. Its errors are of package bots. With a key, the
// server carries out a repeated request only once.
func (c client) call(ctx context.Context, method, path, key string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, &content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return bots.Retry("error-unreachable", err)
	}
	defer response.Body.Close()
	if err := check(response); err != nil || answer == nil {
		return err
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(answer); err != nil {
		return bots.Retry("error-not-json", fmt.Errorf("read answer: %w", err))
	}
	return nil
}

// check returns the error for the status of an answer. An unexpected status is temporary: it may come from a proxy.
func check(response *http.Response) error {
	err := fmt.Errorf("the server answers %d", response.StatusCode)
	switch status := response.StatusCode; {
	case status/100 == 2:
		return nil
	case status == http.StatusTooManyRequests:
		seconds, bad := strconv.Atoi(response.Header.Get("Retry-After"))
		if bad != nil {
			seconds = 60
		}
		return bots.RetryAfter(time.Duration(seconds)*time.Second, "error-too-many", err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return bots.Revoked("error-revoked", err)
	case status == http.StatusNotFound, status == http.StatusGone:
		return bots.Permanent("error-gone", err)
	case status == http.StatusUnprocessableEntity:
		return bots.Permanent("error-refused", err)
	}
	return bots.Retry("error-server", err)
}
