package censor

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"sync"
	"weak"

	"linienfunk/report"
)

// sharedLists are the compiled lists in use, each once: most cities keep the lists that a new one has.
type sharedLists struct {
	mu    sync.Mutex
	lists map[[sha256.Size]byte]weak.Pointer[list]
}

// compile is compileList, unless the same list is in use.
func (s *sharedLists) compile(name report.List, lines []string) (*list, error) {
	key := keyOf(name, lines)
	s.mu.Lock()
	found := s.lists[key].Value()
	s.mu.Unlock()
	if found != nil {
		return found, nil
	}
	made, err := compileList(name, lines)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.lists[key].Value(); found != nil { // another city's was compiled meanwhile
		return found, nil
	}
	if s.lists == nil {
		s.lists = map[[sha256.Size]byte]weak.Pointer[list]{}
	}
	s.lists[key] = weak.Make(made)
	runtime.AddCleanup(made, s.forget, key)
	return made, nil
}

// forget removes a list that is no longer in use.
func (s *sharedLists) forget(key [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists[key].Value() == nil { // else it was compiled again
		delete(s.lists, key)
	}
}

func keyOf(name report.List, lines []string) (key [sha256.Size]byte) {
	digest := sha256.New()
	for _, part := range append([]string{string(name)}, lines...) {
		digest.Write(binary.AppendUvarint(nil, uint64(len(part))))
		digest.Write([]byte(part))
	}
	digest.Sum(key[:0])
	return key
}
