package chain

import (
	"encoding/json"
	"fmt"
)

// Jump leads from one version of a city's document to a later one without the links in between.
type Jump struct {
	City  string          `json:"city"`
	Base  Hash            `json:"base"`
	Hash  Hash            `json:"hash"`           // the later version; Base if there is none
	Patch json.RawMessage `json:"patch"`          // RFC 6902, from the document of Base to that of Hash
	Last  *Link           `json:"last,omitempty"` // the link whose hash is Hash; nil at the root
}

// NewJump returns the jump from base to document, the result of last.
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

// Apply applies the jump to the document whose hash is base. The last link authenticates the result:
// an error wraps ErrBroken if it does not match.
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
			return nil, fmt.Errorf("%w: no link authenticates %s", ErrBroken, j.Hash)
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
		return nil, fmt.Errorf("%w: the document of %s is not the result of link %s", ErrBroken, j.City, hash)
	}
	return made, nil
}
