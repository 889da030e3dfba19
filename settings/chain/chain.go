// Package chain keeps a city's configuration as a chain of changes: a root that follows from the city's name, and patches that
// each carry the hash of what they were made against. Whoever has the links can build every version of the document, and
// see whether a link was changed or is missing. It is pure: no clock, no database, no broker.
//
// It is built like the commits of a version control system. A link names its parent, its author and time, and the SHA-256 of
// the whole document that it makes; its own hash covers all that. So the last link alone vouches for a document, whichever way
// that came, and two programs that apply a patch differently find out at once.
package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
	"github.com/wI2L/jsondiff"
)

// Version is the version of the encoding. It is part of each root, so that chains of another encoding have other hashes.
const Version = 1

// Limits of what comes from outside. A Jump holds a document and a link and must fit into one message of NATS, which by
// default has at most 1 MiB.
const (
	MaxDocument   = 384 << 10 // bytes of a document in canonical form
	MaxPatch      = 384 << 10 // bytes of a patch
	MaxOperations = 1000      // of one patch
	MaxNote       = 500       // bytes
	MaxAuthor     = 64        // bytes
)

// Errors of links.
var (
	ErrBase    = errors.New("the patch was made against another version")
	ErrPatch   = errors.New("the patch does not work")
	ErrNothing = errors.New("the patch changes nothing")
	ErrBroken  = errors.New("the chain is broken")
)

// Hash is a SHA-256 in lower-case hexadecimal. It names one version of one city's document, with all that led to it.
type Hash string

// Link is one change.
type Link struct {
	City   string          `json:"city"`
	Base   Hash            `json:"base"`   // what the patch was made against
	Patch  json.RawMessage `json:"patch"`  // RFC 6902
	Result Hash            `json:"result"` // Sum of the document that it makes
	Author string          `json:"author"` // an admin's id, or empty for the program
	Time   time.Time       `json:"time"`
	Note   string          `json:"note"` // why, for people
}

// root is what a root's hash is made of.
type root struct {
	City     string          `json:"city"`
	Document json.RawMessage `json:"document"`
	Version  int             `json:"version"`
}

// Root is the first document of every city, the empty object, and its hash, which differs from city to city.
func Root(city string) (document []byte, hash Hash) {
	document = []byte("{}")
	text, err := canonical(root{city, document, Version})
	if err != nil {
		panic(err) // a struct of ours, with a string and a number
	}
	return document, Sum(text)
}

// Hash names the version that the link makes: the SHA-256 of the link in canonical form (RFC 8785), its time in UTC with
// at most six digits behind the second.
func (l Link) Hash() (Hash, error) {
	l.Time = l.Time.UTC().Truncate(time.Microsecond)
	text, err := canonical(l)
	if err != nil {
		return "", fmt.Errorf("hash link: %w", err)
	}
	return Sum(text), nil
}

func canonical(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(text)
}

// Canonical is a JSON value in the form of RFC 8785: no space, keys sorted.
func Canonical(text []byte) ([]byte, error) { return jcs.Transform(text) }

// Sum is the SHA-256 of a canonical text.
func Sum(text []byte) Hash {
	digest := sha256.Sum256(text)
	return Hash(hex.EncodeToString(digest[:]))
}

// Make returns the link that turns the document with the hash base into wanted. ErrNothing if they are the same.
func NewLink(city string, base Hash, document, wanted []byte) (Link, error) {
	wanted, err := Canonical(wanted)
	if err != nil {
		return Link{}, fmt.Errorf("make patch: %w", err)
	}
	if bytes.Equal(document, wanted) {
		return Link{}, ErrNothing
	}
	var options []jsondiff.Option
	if max(len(document), len(wanted)) < maxLCS {
		options = append(options, jsondiff.LCS())
	}
	operations, err := jsondiff.CompareJSON(document, wanted, options...)
	if err != nil {
		return Link{}, fmt.Errorf("make patch: %w", err)
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return Link{}, fmt.Errorf("make patch: %w", err)
	}
	if whole := ReplaceDocument(wanted); len(patch) > len(whole) || checkPatch(document, patch) != nil {
		patch = whole
	}
	return Link{City: city, Base: base, Patch: patch, Result: Sum(wanted)}, nil
}

// maxLCS is up to which size in bytes documents are compared so that a line put in front of a list does not change all lines behind
// it. It costs time and memory by the square of the lists' lengths.
const maxLCS = 64 << 10

// Whole is the patch that puts a whole document in the place of any other.
func ReplaceDocument(document []byte) json.RawMessage {
	return slices.Concat([]byte(`[{"op":"replace","path":"","value":`), document, []byte(`}]`))
}

// Apply returns the document, in canonical form, that a link makes of the document whose hash is base.
func Apply(document []byte, base Hash, l Link) ([]byte, error) {
	switch {
	case l.Base != base:
		return nil, fmt.Errorf("%w: %s, not %s", ErrBase, l.Base, base)
	case !isPlainLine(l.Note, MaxNote):
		return nil, fmt.Errorf("%w: the note must be one line of at most %d bytes", ErrPatch, MaxNote)
	case !isPlainLine(l.Author, MaxAuthor):
		return nil, fmt.Errorf("%w: the author must be one line of at most %d bytes", ErrPatch, MaxAuthor)
	case l.Time.UTC().Year() < 2000 || l.Time.UTC().Year() > 9999:
		return nil, fmt.Errorf("%w: the time is missing or out of range", ErrPatch)
	}
	made, err := ApplyPatch(document, l.Patch)
	switch {
	case err != nil:
		return nil, err
	case Sum(made) != l.Result:
		return nil, fmt.Errorf("%w: its result is said to be %s, but is %s", ErrPatch, l.Result, Sum(made))
	case bytes.Equal(made, document):
		return nil, ErrNothing
	}
	return made, nil
}

// plain says whether text is one line that every database takes.
func isPlainLine(text string, limit int) bool {
	return len(text) <= limit && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Verify checks that the links are those of the city, that none was changed or is missing, and that they lead to hash. It applies no
// patch, and so is fast. An error names the link and wraps ErrBroken.
func Verify(city string, links []Link, hash Hash) error {
	_, base := Root(city)
	for i, l := range links {
		switch {
		case l.City != city:
			return fmt.Errorf("%w: link %d is of %q, not of %q", ErrBroken, i+1, l.City, city)
		case l.Base != base:
			return fmt.Errorf("%w: link %d does not follow %s, but %s", ErrBroken, i+1, base, l.Base)
		}
		var err error
		if base, err = l.Hash(); err != nil {
			return fmt.Errorf("%w: link %d: %w", ErrBroken, i+1, err)
		}
	}
	if base != hash {
		return fmt.Errorf("%w: link %d makes %s, not %s", ErrBroken, len(links), base, hash)
	}
	return nil
}

// Build applies all links of a city from its root and returns every document and its hash, those of the root first. An
// error names the link that was changed, or before which one is missing, wraps ErrBroken, and comes with what was built so
// far.
func Build(city string, links []Link) (documents [][]byte, hashes []Hash, err error) {
	document, hash := Root(city)
	documents, hashes = append(documents, document), append(hashes, hash)
	for i, l := range links {
		if l.City != city {
			return documents, hashes, fmt.Errorf("%w: link %d is of %q, not of %q", ErrBroken, i+1, l.City, city)
		}
		if document, err = Apply(document, hash, l); err != nil {
			return documents, hashes, fmt.Errorf("%w: link %d does not follow %s: %w", ErrBroken, i+1, hash, err)
		}
		if hash, err = l.Hash(); err != nil {
			return documents, hashes, fmt.Errorf("%w: link %d: %w", ErrBroken, i+1, err)
		}
		documents, hashes = append(documents, document), append(hashes, hash)
	}
	return documents, hashes, nil
}
