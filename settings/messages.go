package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"linienfunk/settings/chain"
)

// requestSubject is the subject of requests to the Storage.
const requestSubject = "settings.request"

// Request asks for a city's state or, without City, for the list of all cities.
type Request struct {
	City string     `json:"city,omitempty"`
	Have chain.Hash `json:"have,omitempty"` // the requester's version; empty for the root

	After  string `json:"after,omitempty"`  // list the cities after this one ...
	Load   bool   `json:"load,omitempty"`   // ... with their states, fewer at a time
	Verify bool   `json:"verify,omitempty"` // ... and verify their chains, fewer at a time
}

// CityState is the Storage's state of a city after all updates up to Sequence.
type CityState struct {
	chain.Jump
	Stream   string `json:"stream"` // creation time of the stream SETTINGS, to which Sequence belongs
	Sequence uint64 `json:"sequence"`
	Gone     bool   `json:"gone,omitempty"`   // the city does not exist
	Error    string `json:"error,omitempty"`  // set if the chain is broken or the database is not available
	Broken   bool   `json:"broken,omitempty"` // the chain is broken; a retry does not help
}

// CityList is the response to a Request without a city.
type CityList struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence"`
	Cities   []Head `json:"cities"`
	More     bool   `json:"more,omitempty"` // request the next page with After
	Error    string `json:"error,omitempty"`

	States   []CityState `json:"states,omitempty"`   // instead of Cities, after a Request with Load: jumps from the roots
	Verified bool        `json:"verified,omitempty"` // the chains of Cities were verified
}

// Head is a city and its current version.
type Head struct {
	City  string     `json:"city"`
	Hash  chain.Hash `json:"hash"`
	Error string     `json:"error,omitempty"` // its chain is broken
}

// Outcome is the result of an update. Every reader of the stream computes the same one.
type Outcome struct {
	Link    chain.Hash `json:"link"`    // the update's hash
	Applied bool       `json:"applied"` // the update is in the chain
	Current chain.Hash `json:"current"` // the city's current version
	Error   string     `json:"error,omitempty"`
	Field   string     `json:"field,omitempty"` // the invalid field
	Line    int        `json:"line,omitempty"`  // its invalid line, if it is a list
}

// Errors of updates.
var (
	// ErrConflict means that the settings have changed since the version on which the change is based.
	ErrConflict = errors.New("the settings have changed in the meantime")
	// ErrUpdate means that a message is not a valid update.
	ErrUpdate = errors.New("not an update")
)

// cityName is the syntax of a city's name.
var cityName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// encode returns value as JSON without escapes for HTML, which would make texts up to six times as long.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// maxUpdate is the limit of a message with a link, in bytes.
const maxUpdate = chain.MaxPatch + 8<<10

// readLink decodes an update from outside. The subject's last token must be the link's base. The canonical form of the message
// must equal that of the link, i.e. nothing is missing, repeated, added or spelled differently, so that every program that hashes
// the message gets the same version.
func readLink(base string, data []byte) (chain.Link, chain.Hash, error) {
	var one chain.Link
	if len(data) > maxUpdate {
		return one, "", fmt.Errorf("%w: more than %d bytes", ErrUpdate, maxUpdate)
	}
	text, err := chain.Canonical(data)
	if err == nil {
		err = json.Unmarshal(text, &one)
	}
	if err != nil {
		return one, "", fmt.Errorf("%w: %w", ErrUpdate, err)
	}
	if !cityName.MatchString(one.City) || string(one.Base) != base {
		return one, "", fmt.Errorf("%w: it has no city, or its base is not that of its subject", ErrUpdate)
	}
	hash, err := one.Hash()
	if err != nil {
		return one, "", fmt.Errorf("%w: %w", ErrUpdate, err)
	}
	if hash != chain.Sum(text) {
		return one, "", fmt.Errorf("%w: its members, or the form of its time, are not those of a link", ErrUpdate)
	}
	return one, hash, nil
}

// maxError is the limit of Outcome.Error in bytes.
const maxError = 500

// outcome returns the Outcome for the result of applying an update.
func outcome(link, current chain.Hash, err error) Outcome {
	o := Outcome{Link: link, Applied: err == nil, Current: current}
	var found Errors
	switch {
	case err == nil:
		return o
	case errors.As(err, &found):
		o.Field, o.Line = found[0].Field, found[0].Line
	}
	if o.Error = err.Error(); len(found) > 0 {
		o.Error = found[0].Error()
	}
	o.Error = strings.ToValidUTF8(o.Error[:min(len(o.Error), maxError)], "")
	return o
}
