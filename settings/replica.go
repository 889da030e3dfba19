package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"linienfunk/censor"
	"linienfunk/settings/chain"
)

// version is a city's document at one point of its chain.
type version struct {
	document []byte
	hash     chain.Hash
}

func rootOf(city string) version {
	document, hash := chain.Root(city)
	return version{document, hash}
}

// follow applies a link to a version. It is what every reader of the stream does with an update, and depends on nothing but its arguments.
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

// load reads a document that is stored already. One of a newer program may not be usable by this one: the city is
// then there, but at rest, until somebody saves settings that are.
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

// replica is a node's copy of one city. It is always a version of the city's chain, though perhaps not the newest.
type replica struct {
	version
	known bool // loaded once; before, version is the root

	// A replica that may have missed an update is stale. It holds back what comes until an answer of the storage, made when all updates
	// up to floor were written, tells where it stands.
	stale   bool
	minSeq  uint64
	pending []update

	coveredSeq uint64 // updates up to this one are in the version, whether they were applied or refused
	broken     bool   // the storage cannot tell where it stands
}

type update struct {
	seq  uint64
	link chain.Link
	hash chain.Hash
}

// maxPending is how many updates a stale replica holds back. Beyond that it forgets them, and needs an answer that has them in it.
const maxPending = 100

// outdate makes the replica stale: an update up to floor may be missing.
func (r *replica) markStale(floor uint64) {
	r.stale, r.broken, r.minSeq, r.pending = true, false, max(floor, r.minSeq), nil
}

func (r *replica) buffer(u update) {
	if len(r.pending) >= maxPending || !r.known {
		r.pending, r.minSeq = nil, u.seq
		return
	}
	r.pending = append(r.pending, u)
}

// errEarly says that an answer was made before all was written that it must tell of.
var errBehind = errors.New("the storage is not that far yet")

// settle moves a stale replica to where an answer leads, and returns the updates that come after it.
func (r *replica) catchUp(city string, a CityState) (later []update, err error) {
	if a.Sequence < r.minSeq {
		return nil, errBehind
	}
	if a.City != city {
		return nil, fmt.Errorf("%w: the answer is of %q, not of %q", chain.ErrBroken, a.City, city)
	}
	from := r.version
	if root := rootOf(city); a.Base == root.hash {
		from = root // it does not know our version, or we have none
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
	*r = replica{version: version{document, a.Hash}, known: true, coveredSeq: a.Sequence}
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

// NewExport makes the file of a version.
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

// ErrFormat says that a file is no Export.
var ErrFormat = errors.New("this is no file with settings")

// ReadExport reads such a file and returns its document. Schema.Check says whether that can be used.
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
