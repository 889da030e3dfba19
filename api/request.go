package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/commands"
	"linienfunk/report"
	"linienfunk/templates"
)

// MaxBody is the largest body of a command in bytes.
const MaxBody = 64 << 10

// lang is the language of the texts in the answer.
func lang(r *http.Request) string { return templates.Match(r.Header.Get("Accept-Language")) }

// readBody reads the values of a call. The command checks them.
func (a *API) readBody(w http.ResponseWriter, r *http.Request) (map[string]any, *Problem) {
	return a.readObject(w, r, "application/json", MaxBody)
}

// readObject reads a JSON object of a media type. Its values have the types of encoding/json, but numbers are json.Number.
func (a *API) readObject(w http.ResponseWriter, r *http.Request, mediaType string, most int64) (map[string]any, *Problem) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != mediaType {
		return nil, a.problem(r, "content-type", "Want", mediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, a.problem(r, "too-large", "KiB", most>>10)
	case err != nil:
		return nil, a.problem(r, "cut")
	}
	values, mistake := decode(body)
	if mistake == nil {
		return values, nil
	}
	return nil, a.problemAt(r, mistake.text, at("body", mistake.field), "At", mistake.at)
}

// mistake is why a body is no object of values.
type mistake struct {
	text  string // id of a text
	field string // which value; empty for none
	at    int64  // the byte, from 0
}

// decode reads one JSON object. encoding/json would take the last one of two values with the same name, and replace what is no UTF-8.
func decode(body []byte) (map[string]any, *mistake) {
	if !utf8.Valid(body) {
		return nil, &mistake{text: "not-utf8"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	notJSON := func() *mistake { return &mistake{text: "not-json", at: d.InputOffset()} }
	begin, err := d.Token()
	if err != nil {
		return nil, notJSON()
	}
	if begin != json.Delim('{') {
		return nil, &mistake{text: "no-object"}
	}
	values := map[string]any{}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, notJSON()
		}
		if _, twice := values[name]; twice {
			return nil, &mistake{text: "twice", field: name}
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, notJSON()
		}
		values[name] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, notJSON()
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, notJSON()
	}
	if at := report.LoneSurrogate(body); at >= 0 {
		return nil, &mistake{text: "surrogate", at: int64(at)}
	}
	if place := repeated(body); place != "" {
		return nil, &mistake{text: "twice", field: place}
	}
	return values, nil
}

// repeated returns the place of the first name that an object in a JSON text has twice, such as bots.web.list; empty if there is none.
func repeated(body []byte) string {
	type level struct {
		names map[string]bool // nil in a list
		last  string          // the last name
		inKey bool            // a name comes, or the end
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []level
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if name, ok := token.(string); ok && len(open) > 0 && open[len(open)-1].inKey {
			now := &open[len(open)-1]
			if now.names[name] {
				var place []string
				for _, one := range open[:len(open)-1] {
					if one.names != nil {
						place = append(place, one.last)
					}
				}
				return strings.Join(append(place, name), ".")
			}
			now.names[name], now.last, now.inKey = true, name, false
			continue
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}, inKey: true})
			continue
		case json.Delim('['):
			open = append(open, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) > 0 { // a value has ended
			open[len(open)-1].inKey = open[len(open)-1].names != nil
		}
	}
}

// readQuery reads the values of a call that only reads.
func (a *API) readQuery(r *http.Request, command commands.Command) (map[string]any, *Problem) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, a.problem(r, "query")
	}
	values := map[string]any{}
	for name, typed := range query {
		if len(typed) > 1 {
			return nil, a.problemAt(r, "twice", at("query", name))
		}
		values[name] = typed[0]
		if p, ok := command.Param(name); ok {
			values[name] = p.Parse(typed[0])
		}
	}
	return values, nil
}

// idempotencyKey refuses a header Idempotency-Key that no key can be.
func (a *API) idempotencyKey(r *http.Request) *Problem {
	all := r.Header.Values("Idempotency-Key")
	if len(all) == 0 {
		return nil
	}
	if len(all) > 1 || all[0] == "" || len(all[0]) > maxIdempotencyKey || strings.ContainsFunc(all[0], func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsPrint(c) }) {
		return a.problemAt(r, "idempotency-key", "header.Idempotency-Key", "Max", maxIdempotencyKey)
	}
	return nil
}

// cityOf returns the city of a call, which must be the key's.
func (a *API) cityOf(r *http.Request, args map[string]any, key Key) (string, *Problem) {
	value, given := args["city"]
	city, isText := value.(string)
	switch {
	case !given:
		return "", a.problemAt(r, "missing", "body.city")
	case !isText:
		return "", a.problemAt(r, "text", "body.city")
	case city != key.City:
		return "", a.problemAt(r, "other-city", "body.city")
	}
	return city, nil
}
