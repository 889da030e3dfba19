package censor

import (
	"bytes"
	"slices"
	"strings"
)

// entry is one spelling of a line, encoded.
type entry struct {
	symbols string
	line    int
	open    bool // may end inside a word
}

// automaton finds all entries of a list in one pass (Aho and Corasick, "Efficient string matching", 1975).
//
// States are numbered in breadth-first order, which makes the children of a state consecutive: a state takes 11 bytes and
// needs no table of its own, and a thousand words take about 100 KB. Most states have one child; hardly
// any but the one after a word start has many.
type automaton struct {
	label []byte   // the symbol that leads to a state
	child []uint32 // the first child of a state; the last is before the first child of the next state
	fail  []uint32 // the state of the longest proper suffix that is a state

	// line is the lowest line of the entries that end in a state, suffixes included, or 0. One number is enough:
	// all these entries end in the same character, and atWordEnd depends on nothing else.
	line []uint16
	open []uint16 // the same of the entries that may end inside a word, which count for line as well; nil if there are none

	begins [256]bool // the symbols that leave state 0: the word start, some emoji, and the letters that begin *word
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
	a.line, a.open = slices.Clip(a.line), slices.Clip(a.open)
	if !slices.ContainsFunc(entries, func(e entry) bool { return e.open }) {
		a.open = nil
	}
	return a
}

// grow creates the states from sorted entries: a state is the range of entries that share a prefix.
func (a *automaton) grow(entries []entry) {
	type prefix struct{ from, to, length int }
	queue := []prefix{{0, len(entries), 0}}
	a.label = append(a.label, 0)
	for s := 0; s < len(queue); s++ {
		p := queue[s]
		line, open := 0, 0
		for p.from < p.to && len(entries[p.from].symbols) == p.length {
			one := entries[p.from]
			if line = lowestLine(line, one.line); one.open {
				open = lowestLine(open, one.line)
			}
			p.from++
		}
		a.line, a.open = append(a.line, uint16(line)), append(a.open, uint16(open))
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
	a.child = append(a.child, uint32(len(queue))) // the end of the last state's children
}

// link sets the suffix links. A state's suffix is shorter than the state and therefore already linked.
func (a *automaton) link() {
	a.fail = make([]uint32, len(a.line))
	for s := range uint32(len(a.line)) {
		for c := a.child[s]; c < a.child[s+1]; c++ {
			if s > 0 {
				a.fail[c] = a.next(a.fail[s], a.label[c])
			}
			a.line[c] = uint16(lowestLine(int(a.line[c]), int(a.line[a.fail[c]])))
			a.open[c] = uint16(lowestLine(int(a.open[c]), int(a.open[a.fail[c]])))
		}
	}
}

// scan returns the lowest line with an entry that occurs in the text, or 0. The text must come from encode.
func (a *automaton) scan(symbols []byte) int {
	found, s := 0, uint32(0)
	for i, c := range symbols {
		if s == 0 && !a.begins[c] {
			continue // inside a word with which no entry starts, i.e. most of a text
		}
		s = a.next(s, c)
		if line := int(a.line[s]); line != 0 && (found == 0 || line < found) {
			if atWordEnd(symbols, i+1) {
				found = line
			} else if a.open != nil {
				found = lowestLine(found, int(a.open[s]))
			}
		}
	}
	return found
}

// next returns the state after a symbol in state s, following suffix links.
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

// size is the memory of the automaton in bytes.
func (a *automaton) size() int {
	return len(a.begins) + cap(a.label) + 4*cap(a.child) + 4*cap(a.fail) + 2*cap(a.line) + 2*cap(a.open)
}
