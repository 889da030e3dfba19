package network

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// version of the encoding. A program that cannot read a version reads the feed again.
const version = 1

// maxEncoded is the limit of an encoded network, uncompressed.
const maxEncoded = 128 << 20

// ErrVersion is the error of Decode for an encoding of another version of the program.
var ErrVersion = errors.New("the network is encoded in another version")

type encoded struct {
	Version int    `json:"version"`
	Lines   []Line `json:"lines"`
	Stops   []Stop `json:"stops"`
}

// Encode writes a network as gzipped JSON: about 40 bytes for each stop, and 2 for each stop of a variant.
func (n *Network) Encode(to io.Writer) error {
	packed := gzip.NewWriter(to)
	if err := json.NewEncoder(packed).Encode(encoded{version, n.Lines, n.Stops}); err != nil {
		return fmt.Errorf("encode network: %w", err)
	}
	return packed.Close()
}

// Decode reads what Encode wrote.
func Decode(from io.Reader) (*Network, error) {
	packed, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("decode network: %w", err)
	}
	var e encoded
	if err := json.NewDecoder(io.LimitReader(packed, maxEncoded)).Decode(&e); err != nil {
		return nil, fmt.Errorf("decode network: %w", err)
	}
	if e.Version != version {
		return nil, ErrVersion
	}
	n := &Network{Lines: e.Lines, Stops: e.Stops}
	valid := true
	n.eachIndex(func(index *int) { valid = valid && 0 <= *index && *index < len(n.Stops) })
	if !valid {
		return nil, errors.New("decode network: a line serves a stop that is not there")
	}
	return n, nil
}
