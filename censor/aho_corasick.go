package censor

import (
	"bytes"
	"slices"
	"strings"
)

// entry is one spelling of a line, as encode wrote it.
type entry struct {
	symbols string
	line    int
}

// automaton finds all entries of a list in one pass (Aho and Corasick, "Efficient string matching", 1975).
//
// States are numbered in breadth-first order. So the children of a state stand side by side, and a state needs no
// table of its own: 11 bytes hold it, and a thousand words are about 100 KB. Most states have one child, and hardly
// one has many but the one behind a word's start.
type automaton struct {
	label []byte   // the symbol that leads to a state
	child []uint32 // the first child of a state; its last is before that of the next state
	fail  []uint32 // the state of the longest proper suffix that is a state

	// line is the lowest line among the entries that end in a state, suffixes included, or 0. One number does,
	// because all of them end in the same character, and whether a match may end there depends on that alone.
	line []uint16

	begins [256]bool // the symbols that lead away from state 0: the word start, and the odd emoji
}

// newAutomaton builds the automaton. Lines must be below 65,536. The entries are sorted in place.
func newAutomaton(entries []entry) automaton {
	slices.SortFunc(entries, func(a, b entry) int {
		if c := strings.Compare(a.symbols, b.symbols); c != 0 {
			return c
		}
		return a.line - b.line
	})
	a := automaton{}
	a.grow(entries)
	a.link()
	for _, c := range a.label[a.child[0]:a.child[1]] {
		a.begins[c] = true
	}
	a.label, a.child = slices.Clip(a.label), slices.Clip(a.child)
	a.line = slices.Clip(a.line)
	return a
}

// grow makes the states from sorted entries: a state is the range of entries that begin with the same symbols.
func (a *automaton) grow(entries []entry) {
	type prefix struct{ from, to, length int }
	queue := []prefix{{0, len(entries), 0}}
	a.label = append(a.label, 0)
	for s := 0; s < len(queue); s++ {
		p := queue[s]
		line := 0
		for p.from < p.to && len(entries[p.from].symbols) == p.length {
			line = lowestLine(line, entries[p.from].line)
			p.from++
		}
		a.line = append(a.line, uint16(line))
		a.child = append(a.child, uint32(len(queue)))
		for p.from < p.to {
			c := entries[p.from].symbols[p.length]
			end := p.from
			for end < p.to && entries[end].symbols[p.length] == c {
				end++
			}
			a.label = append(a.label, c)
			queue = append(queue, prefix{p.from, end, p.length + 1})
			p.from = end
		}
	}
	a.child = append(a.child, uint32(len(queue))) // so that the last state has an end too
}

// link sets the suffix of each state. A state's suffix is shorter, so in this order it is known already.
func (a *automaton) link() {
	a.fail = make([]uint32, len(a.line))
	for s := range uint32(len(a.line)) {
		for c := a.child[s]; c < a.child[s+1]; c++ {
			if s > 0 {
				a.fail[c] = a.next(a.fail[s], a.label[c])
			}
			a.line[c] = uint16(lowestLine(int(a.line[c]), int(a.line[a.fail[c]])))
		}
	}
}

// scan returns the lowest line of which an entry occurs in the text, or 0. The text must come from encode.
func (a *automaton) scan(symbols []byte) int {
	found, s := 0, uint32(0)
	for i, c := range symbols {
		if s == 0 && !a.begins[c] {
			continue // inside a word that begins no entry, which is most of a text
		}
		s = a.next(s, c)
		if line := int(a.line[s]); line != 0 && (found == 0 || line < found) && atWordEnd(symbols, i+1) {
			found = line
		}
	}
	return found
}

// next follows the symbol from state s, or from the longest suffix of s that can.
func (a *automaton) next(s uint32, symbol byte) uint32 {
	for {
		from, to := a.child[s], a.child[s+1]
		if to-from > 8 {
			if i := bytes.IndexByte(a.label[from:to], symbol); i >= 0 {
				return from + uint32(i)
			}
		} else {
			for c := from; c < to; c++ {
				if a.label[c] == symbol {
					return c
				}
			}
		}
		if s == 0 {
			return 0
		}
		s = a.fail[s]
	}
}

// size is what the automaton holds in memory, in bytes.
func (a *automaton) size() int {
	return len(a.begins) + cap(a.label) + 4*cap(a.child) + 4*cap(a.fail) + 2*cap(a.line)
}
