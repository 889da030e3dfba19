// Package chain keeps a city's configuration as a chain of changes: a root that follows from the city's name, and patches that
// each carry the hash of what they were made against. Whoever has the links can build every version of the document, and
// see whether a link was changed or is missing. It is pure: no clock, no database, no broker.
package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/gowebpki/jcs"
)

// Version is the version of the encoding. It is part of each root, so that chains of another encoding have other hashes.
const Version = 1

// Limits of what comes from outside.
const (
	MaxDocument   = 512 << 10 // bytes of a document in canonical form
	MaxPatch      = 512 << 10 // bytes of a patch
	MaxOperations = 1000      // of one patch
	MaxNote       = 200       // bytes
)

// Errors of links.
var (
	ErrBase   = errors.New("the patch was made against another version")
	ErrPatch  = errors.New("the patch does not work")
	ErrBroken = errors.New("the chain is broken")
)

// Hash is a SHA-256 in lower-case hexadecimal. It names one version of one city's document, with all that led to it.
type Hash string

// Link is one change.
type Link struct {
	City   string          `json:"city"`
	Base   Hash            `json:"base"`   // what the patch was made against
	Patch  json.RawMessage `json:"patch"`  // RFC 6902
	Author string          `json:"author"` // an admin's id, or empty for the program
	Time   time.Time       `json:"time"`
	Note   string          `json:"note"`
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
	return document, sum(text)
}

// Hash names the version that the link makes: the SHA-256 of the link in canonical form (RFC 8785), times in UTC with
// microseconds.
func (l Link) Hash() (Hash, error) {
	l.Time = l.Time.UTC().Truncate(time.Microsecond)
	text, err := canonical(l)
	if err != nil {
		return "", fmt.Errorf("hash link: %w", err)
	}
	return sum(text), nil
}

func canonical(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(text)
}

func sum(text []byte) Hash {
	digest := sha256.Sum256(text)
	return Hash(hex.EncodeToString(digest[:]))
}

// Apply returns the document, in canonical form, that a link makes of the document whose hash is base.
func Apply(document []byte, base Hash, l Link) ([]byte, error) {
	switch {
	case l.Base != base:
		return nil, fmt.Errorf("%w: %s, not %s", ErrBase, l.Base, base)
	case len(l.Note) > MaxNote:
		return nil, fmt.Errorf("%w: the note has more than %d bytes", ErrPatch, MaxNote)
	}
	return Patched(document, l.Patch)
}

// Patched applies an RFC 6902 patch to a document.
func Patched(document []byte, patch json.RawMessage) ([]byte, error) {
	if len(patch) > MaxPatch {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrPatch, MaxPatch)
	}
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	if len(operations) > MaxOperations {
		return nil, fmt.Errorf("%w: more than %d operations", ErrPatch, MaxOperations)
	}
	options := jsonpatch.NewApplyOptions()
	options.SupportNegativeIndices = false // RFC 6901 knows none
	options.AccumulatedCopySizeLimit = MaxDocument
	made, err := operations.ApplyWithOptions(document, options)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	if len(made) > 2*MaxDocument {
		return nil, fmt.Errorf("%w: the document would have more than %d bytes", ErrPatch, MaxDocument)
	}
	made, err = jcs.Transform(made)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPatch, err)
	}
	if len(made) > MaxDocument || !bytes.HasPrefix(made, []byte("{")) {
		return nil, fmt.Errorf("%w: the document must be an object of at most %d bytes", ErrPatch, MaxDocument)
	}
	return made, nil
}

// Build applies all links of a city from its root and returns the last document and its hash. An error names the link
// that was changed, or before which one is missing, and wraps ErrBroken.
func Build(city string, links []Link) ([]byte, Hash, error) {
	document, hash := Root(city)
	for i, l := range links {
		if l.City != city {
			return nil, "", fmt.Errorf("%w: link %d is of %q, not of %q", ErrBroken, i+1, l.City, city)
		}
		next, err := Apply(document, hash, l)
		if err != nil {
			return nil, "", fmt.Errorf("%w: link %d does not follow %s: %w", ErrBroken, i+1, hash, err)
		}
		if document, hash = next, ""; err == nil {
			hash, err = l.Hash()
		}
		if err != nil {
			return nil, "", fmt.Errorf("%w: link %d: %w", ErrBroken, i+1, err)
		}
	}
	return document, hash, nil
}
