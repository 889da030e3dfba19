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

// requestSubject is where a Storage is asked.
const requestSubject = "settings.request"

// Request asks for a city; without one, for the list of all.
type Request struct {
	City string     `json:"city,omitempty"`
	Have chain.Hash `json:"have,omitempty"` // the version that is there already; empty for the root

	After string `json:"after,omitempty"` // of the list: the last city that is known already
}

// Answer is what a Storage knows of a city, when all updates up to Sequence were written.
type CityState struct {
	chain.Jump
	Stream   string `json:"stream"` // when the stream SETTINGS was made: another one has sequences of its own
	Sequence uint64 `json:"sequence"`
	Gone     bool   `json:"gone,omitempty"`   // there is no such city
	Error    string `json:"error,omitempty"`  // the chain is broken, or the database does not answer
	Broken   bool   `json:"broken,omitempty"` // the chain is, and stays so until somebody mends it
}

// List is the answer to a Request without a city.
type CityList struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence"`
	Cities   []Head `json:"cities"`
	More     bool   `json:"more,omitempty"` // ask again with After
	Error    string `json:"error,omitempty"`
}

// Head is a city and its present version.
type Head struct {
	City string     `json:"city"`
	Hash chain.Hash `json:"hash"`
}

// Outcome says what became of an update. Every reader of the stream comes to the same one.
type Outcome struct {
	Link    chain.Hash `json:"link"`    // the update's hash
	Applied bool       `json:"applied"` // then Link is the present version
	Current chain.Hash `json:"current"` // the present version
	Error   string     `json:"error,omitempty"`
	Field   string     `json:"field,omitempty"` // that is wrong
	Line    int        `json:"line,omitempty"`  // of a list
}

// Errors of updates.
var (
	// ErrConflict says that somebody else has changed the settings since the version that a change was made against.
	ErrConflict = errors.New("the settings have been changed meanwhile")
	// ErrUpdate says that a message is no update.
	ErrUpdate = errors.New("this is no update")
)

// cityName is what every name of a city looks like. Which of them exist the storage knows.
var cityName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// encode is JSON without escapes for HTML, which would make texts six times as long.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(out.Bytes(), "\n"), err
}

// maxUpdate is how many bytes a message with a link may have.
const maxUpdate = chain.MaxPatch + 8<<10

// readLink reads an update from outside. The subject's last token must be the version that it was made against. Everything in
// it must be what the link says, with nothing missing, twice, more or in other letters: whoever hashes the message must get
// what we get.
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

// maxError is how many bytes of an error are told.
const maxError = 500

// outcome tells of what a reader made of an update.
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
