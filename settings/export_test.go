package settings

import "context"

// Compare is what a Node does once a minute.
func (n *Node) Compare(ctx context.Context) error { return n.compareHeads(ctx) }

// Keep says how many written updates stay in the stream. Call it before Run.
func (s *Storage) Keep(updates uint64) { s.keep = updates }

// Judge does with an update from outside what every reader of the stream does.
func Judge(s Schema, document []byte, base string, data []byte) {
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
