package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"linienfunk/censor"
	"linienfunk/settings/chain"
)

// version is one version of a city's document.
type version struct {
	document []byte
	hash     chain.Hash
}

func rootOf(city string) version {
	document, hash := chain.Root(city)
	return version{document, hash}
}

// apply applies a link to a version. Every reader of the stream does this with every update; the result depends only on the arguments.
// Errors are ErrConflict, chain.ErrPatch, chain.ErrNothing and Errors.
func (s Schema) apply(v version, l chain.Link, hash chain.Hash) (version, Settings, *censor.Filter, error) {
	if l.Base != v.hash {
		return v, Settings{}, nil, ErrConflict
	}
	document, err := chain.Apply(v.document, v.hash, l)
	if err != nil {
		return v, Settings{}, nil, err
	}
	doc, filter, err := s.Check(v.document, document)
	if err != nil {
		return v, Settings{}, nil, err
	}
	return version{document, hash}, doc, filter, nil
}

// loadDocument reads a stored document. A document of a newer version of the program may be invalid for this one: the city then
// exists but is inactive until an admin saves valid settings.
func (s Schema) loadDocument(city string, v version) (Settings, *censor.Filter, error) {
	doc, filter, err := s.Check(v.document, v.document)
	if err == nil {
		return doc, filter, nil
	}
	err = fmt.Errorf("the settings of version %s cannot be used: %w", v.hash, err)
	doc.Active, doc.Listed = false, false
	if doc.Title == "" {
		doc.Title = city
	}
	filter, broken := s.Compile(nil, nil)
	return doc, filter, errors.Join(err, broken)
}

// replica is a node's copy of one city. It is always a version of the city's chain, but not always the latest.
type replica struct {
	version
	known    bool // loaded at least once; until then version is the root
	verified bool // the storage has verified the chain of a version: this one, or one before it

	// A replica that may have missed an update is stale. It buffers new updates until the storage responds with a state that includes
	// all updates up to minSeq.
	stale   bool
	minSeq  uint64
	pending []update

	coveredSeq uint64 // all updates up to this one have been applied or refused
	broken     bool   // the storage reports a broken chain
}

type update struct {
	seq  uint64
	link chain.Link
	hash chain.Hash
}

// maxPending is how many updates a stale replica buffers. Beyond that it drops them and needs a state that includes them.
const maxPending = 100

// markStale marks the replica as stale: updates up to minSeq may be missing.
func (r *replica) markStale(minSeq uint64) {
	r.stale, r.broken, r.minSeq, r.pending = true, false, max(minSeq, r.minSeq), nil
}

func (r *replica) buffer(u update) {
	if len(r.pending) >= maxPending || !r.known {
		r.pending, r.minSeq = nil, u.seq
		return
	}
	r.pending = append(r.pending, u)
}

// errBehind means that the storage has not yet written all updates that the response must include.
var errBehind = errors.New("the storage has not written all updates yet")

// catchUp moves a stale replica to the state that the storage returned, and returns the buffered updates after it.
func (r *replica) catchUp(city string, a CityState) (later []update, err error) {
	if a.Sequence < r.minSeq {
		return nil, errBehind
	}
	if a.City != city {
		return nil, fmt.Errorf("%w: the response is for %q, not for %q", chain.ErrBroken, a.City, city)
	}
	from := r.version
	if root := rootOf(city); a.Base == root.hash {
		from = root // the storage does not know this version, or the replica is new
	}
	document, err := a.Jump.Apply(from.document, from.hash)
	if err != nil {
		return nil, err
	}
	for _, u := range r.pending {
		if u.seq > a.Sequence {
			later = append(later, u)
		}
	}
	*r = replica{version: version{document, a.Hash}, known: true, verified: r.verified, coveredSeq: a.Sequence}
	return later, nil
}

// Export is a city's configuration as a file.
type Export struct {
	Format   string          `json:"format"` // exportFormat
	City     string          `json:"city"`
	Version  chain.Hash      `json:"version"`
	Document json.RawMessage `json:"document"`
}

const exportFormat = "linienfunk settings 1"

// NewExport returns the file for a version.
func NewExport(city string, hash chain.Hash, document []byte) ([]byte, error) {
	text, err := encode(Export{exportFormat, city, hash, document})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// ErrFormat means that a file is not an Export.
var ErrFormat = errors.New("this is not a settings file")

// ReadExport returns the document in an Export. It does not validate it: see Schema.Check.
func ReadExport(text []byte) ([]byte, error) {
	var file Export
	if err := json.Unmarshal(text, &file); err != nil || file.Format != exportFormat {
		return nil, ErrFormat
	}
	document, err := chain.Canonical(file.Document)
	if err != nil || len(document) == 0 || document[0] != '{' {
		return nil, ErrFormat
	}
	return document, nil
}
