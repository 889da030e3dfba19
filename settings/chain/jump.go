package chain

import (
	"encoding/json"
	"fmt"
)

// Jump leads from one version of a city's document to a later one, past all links in between.
type Jump struct {
	City  string          `json:"city"`
	Base  Hash            `json:"base"`
	Hash  Hash            `json:"hash"`           // where it leads; Base if nothing is newer
	Patch json.RawMessage `json:"patch"`          // RFC 6902, from the document of Base to that of Hash
	Last  *Link           `json:"last,omitempty"` // the link whose hash is Hash; nil at the root
}

// Leap returns the jump from base to the document that last made.
func NewJump(city string, base Hash, document []byte, last *Link) (Jump, error) {
	j := Jump{City: city, Base: base, Patch: ReplaceDocument(document), Last: last}
	_, j.Hash = Root(city)
	if last != nil {
		var err error
		if j.Hash, err = last.Hash(); err != nil {
			return j, err
		}
	}
	if j.Hash == base {
		j.Patch = json.RawMessage("[]")
	}
	return j, nil
}

// Apply returns the document that the jump makes of the document whose hash is base. The last link vouches for it:
// an error wraps ErrBroken if it does not.
func (j Jump) Apply(document []byte, base Hash) ([]byte, error) {
	if j.Base != base {
		return nil, fmt.Errorf("%w: %s, not %s", ErrBase, j.Base, base)
	}
	made, err := ApplyPatch(document, j.Patch)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	start, root := Root(j.City)
	if j.Last == nil {
		if j.Hash != root || string(made) != string(start) {
			return nil, fmt.Errorf("%w: nothing vouches for %s", ErrBroken, j.Hash)
		}
		return made, nil
	}
	hash, err := j.Last.Hash()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	case hash != j.Hash || j.Last.City != j.City:
		return nil, fmt.Errorf("%w: the last link is %s of %s, not %s of %s", ErrBroken, hash, j.Last.City, j.Hash, j.City)
	case Sum(made) != j.Last.Result:
		return nil, fmt.Errorf("%w: the document of %s is another than link %s made", ErrBroken, j.City, hash)
	}
	return made, nil
}
