package transit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	"linienfunk/internal/outgoing"
	"linienfunk/report"
	"linienfunk/transit/network"
)

// Problems of feeds at an address, beside those of package network.
const (
	Unreachable network.Problem = "unreachable"
	Shrunk      network.Problem = "shrunk" // a refreshed feed has less than half of the lines
)

// fetchTime is the limit of fetching a feed.
const fetchTime = time.Hour

// MaxAddress is the limit of an address, in bytes.
const MaxAddress = 500

// ErrAddress means that a text is not the address of a file on the web.
var ErrAddress = errors.New("not an address that begins with https:// or http://")

// fetched is a feed that was fetched, with what tells whether there is a newer one (RFC 9110, section 13).
type fetched struct {
	path               string // empty if it is the one that is known
	etag, lastModified string
}

// Fetch fetches the feed at an address in the background, and reads it like one that Receive got. Errors are ErrAddress, ErrRunning, ErrBusy, and those of the database.
func (i *Imports) Fetch(ctx context.Context, city, address string, part network.Options) error {
	parsed, err := url.Parse(address)
	if err != nil || len(address) > MaxAddress || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" || parsed.User != nil || i.HTTP == nil {
		return ErrAddress
	}
	name := path.Base(parsed.Path)
	if name == "/" || name == "." {
		name = parsed.Hostname()
	}
	r := importRow{City: city, File: report.Cut(report.Clean(name), 80), Address: address}
	return i.begin(ctx, r, part, func(j *job) error { j.address = address; return nil })
}

// fetch stores the feed at an address in a file, unless it is the known one.
func (i *Imports) fetch(ctx context.Context, address string, known fetched) (got fetched, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return got, err
	}
	if known.etag != "" {
		request.Header.Set("If-None-Match", known.etag)
	}
	if known.lastModified != "" {
		request.Header.Set("If-Modified-Since", known.lastModified)
	}
	answer, err := i.HTTP.Do(request)
	if err != nil {
		return got, unreachable(ctx, err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusNotModified:
		return known, nil
	case http.StatusOK:
	default:
		return got, &network.FeedError{Problem: Unreachable, Want: fmt.Sprintf("the server of the feed answers with status %d", answer.StatusCode)}
	}
	got = fetched{etag: short(answer.Header.Get("ETag"), 200), lastModified: short(answer.Header.Get("Last-Modified"), 60)}
	got.path, err = i.spool(answer.Body)
	if errors.Is(err, ErrTooLarge) {
		err = &network.FeedError{Problem: network.TooLarge, Want: err.Error()}
	}
	return got, err
}

// short returns a text without what does not fit: a cut validator would be another one.
func short(text string, size int) string {
	if len(text) > size {
		return ""
	}
	return text
}

// unreachable says no more about hosts than an admin may know: not what is in the network of this server.
func unreachable(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, outgoing.ErrPrivate):
		return &network.FeedError{Problem: Unreachable, Want: "the address is not on the public internet"}
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return &network.FeedError{Problem: Unreachable, Want: "the server of the feed cannot be reached"}
}

// part is the part of a feed that a city wants, as it is stored.
type part struct {
	Agencies []string        `json:"agencies,omitempty"`
	Kinds    []network.Kind  `json:"kinds,omitempty"`
	Circle   *network.Circle `json:"circle,omitempty"`
}

func encodePart(o network.Options) string {
	text, _ := json.Marshal(part{o.Agencies, o.Kinds, o.Circle}) // cannot fail for texts and numbers
	return string(text)
}

func decodePart(text string) network.Options {
	var p part
	_ = json.Unmarshal([]byte(text), &p) // empty in rows of an older program: the whole feed
	return network.Options{Agencies: p.Agencies, Kinds: p.Kinds, Circle: p.Circle}
}
