// Package chain represents a city's configuration as a hash chain of patches: a root that depends on the city's name only, and
// links that each contain a patch and the hash of the version that it applies to. From the links every version of the document
// can be built, and a link that was changed or is missing is detected. The package is pure: no clock, no database, no broker.
//
// The design is that of commits in a version control system. A link contains its parent, its author and time, and the SHA-256
// of the resulting document; its own hash covers all that. So the hash of the last link authenticates a document from any
// source, and two programs that apply a patch differently notice at once.
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

// Version is the version of the encoding. It is part of each root, so chains in another encoding have other hashes.
const Version = 1

// Limits of input from outside. A Jump contains a document and a link and must fit into one message of NATS, by
// default 1 MiB.
const (
	MaxDocument   = 384 << 10 // bytes of a document in canonical form
	MaxPatch      = 384 << 10 // bytes of a patch
	MaxOperations = 1000      // of one patch
	MaxNote       = 500       // bytes
	MaxAuthor     = 64        // bytes
)

// Errors of links.
var (
	ErrBase    = errors.New("the patch is based on another version")
	ErrPatch   = errors.New("the patch cannot be applied")
	ErrNothing = errors.New("the patch changes nothing")
	ErrBroken  = errors.New("the chain is broken")
)

// Hash is a SHA-256 in lower-case hexadecimal. It identifies one version of one city's document and its history.
type Hash string

// Link is one change.
type Link struct {
	City   string          `json:"city"`
	Base   Hash            `json:"base"`   // the version that the patch applies to
	Patch  json.RawMessage `json:"patch"`  // RFC 6902
	Result Hash            `json:"result"` // Sum of the resulting document
	Author string          `json:"author"` // an admin's id, or empty for the program
	Time   time.Time       `json:"time"`
	Note   string          `json:"note"` // reason, for people
}

// root is the value whose canonical form is hashed for a root.
type root struct {
	City     string          `json:"city"`
	Document json.RawMessage `json:"document"`
	Version  int             `json:"version"`
}

// Root returns the first document of every city, the empty object, and its hash, which differs from city to city.
func Root(city string) (document []byte, hash Hash) {
	document = []byte("{}")
	text, err := canonical(root{city, document, Version})
	if err != nil {
		panic(err) // a string, a constant and a number can always be encoded
	}
	return document, Sum(text)
}

// Hash identifies the version that the link makes: the SHA-256 of the link in canonical form (RFC 8785), its time in UTC with
// at most six fractional digits.
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

// Canonical converts a JSON text to the form of RFC 8785: no white space, keys sorted.
func Canonical(text []byte) ([]byte, error) { return jcs.Transform(text) }

// Sum is the SHA-256 of a canonical text.
func Sum(text []byte) Hash {
	digest := sha256.Sum256(text)
	return Hash(hex.EncodeToString(digest[:]))
}

// NewLink returns the link from document, whose hash is base, to wanted. ErrNothing if they are equal.
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
	if whole := ReplaceDocument(wanted); len(patch) > len(whole) || !isAcceptable(document, patch) {
		patch = whole
	}
	return Link{City: city, Base: base, Patch: patch, Result: Sum(wanted)}, nil
}

// isAcceptable reports whether parsePatch accepts a patch.
func isAcceptable(document, patch []byte) bool {
	_, err := parsePatch(document, patch)
	return err == nil
}

// maxLCS is the limit, in bytes, of documents that are compared by longest common subsequence, so that a line inserted into a list
// does not replace all lines after it. That takes time and memory quadratic in the length of the lists.
const maxLCS = 64 << 10

// ReplaceDocument returns the patch that replaces any document with the given one.
func ReplaceDocument(document []byte) json.RawMessage {
	return slices.Concat([]byte(`[{"op":"replace","path":"","value":`), document, []byte(`}]`))
}

// Apply applies a link to the document whose hash is base, and returns the result in canonical form.
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
		return nil, fmt.Errorf("%w: its result is declared as %s, but is %s", ErrPatch, l.Result, Sum(made))
	case bytes.Equal(made, document):
		return nil, ErrNothing
	}
	return made, nil
}

// isPlainLine reports whether text is a single line that every database can store.
func isPlainLine(text string, limit int) bool {
	return len(text) <= limit && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Verify checks that the links belong to the city, that none was changed or is missing, and that they lead to hash. It applies no
// patch and is therefore fast. An error names the link and wraps ErrBroken.
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

// Build applies all links of a city and returns every document with its hash, beginning with the root. An
// error names the link that was changed, or before which one is missing, wraps ErrBroken, and is returned with the versions
// before it.
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
