package settings

import (
	"context"
	"time"
)

// Compare compares the heads, as a Node does every minute.
func (n *Node) Compare(ctx context.Context) error { return n.compareHeads(ctx) }

// Verify verifies all chains, as a Node does after the start.
func (n *Node) Verify(ctx context.Context) error { return n.verifyPages(ctx) }

// Keep sets how many written updates stay in the stream. Call it before Run.
func (s *Storage) Keep(updates uint64) { s.keep = updates }

// ApplyUpdate processes an update as every reader of the stream does.
func ApplyUpdate(s Schema, document []byte, base string, data []byte) {
	link, hash, err := readLink(base, data)
	if err != nil {
		return
	}
	next, doc, filter, err := s.apply(version{document, link.Base}, link, hash)
	if err == nil && (filter == nil || next.hash != hash || doc.Title == "") {
		panic("accepted, but not usable")
	}
	outcome(hash, next.hash, err)
}

// SetSubmitTimeout replaces submitTimeout. Call it before Run.
func (n *Node) SetSubmitTimeout(d time.Duration) { n.submitTimeout = d }
