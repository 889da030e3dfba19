package read

import "slices"

// candidate is a stop that a name may mean.
type candidate struct {
	stop  int
	score float64
}

// mention is a name of a stop in a message.
type mention struct {
	from, to   int // tokens
	candidates []candidate
	role       roles // towards, to, from, at, now or between, from the words in front of it; or 0
	arrow      bool  // an arrow stands in front
	marker     int   // token of the word with the role, or -1
	mode       kindSet
	support    bool    // a word for stops, or a line, stands in front of it
	score      float64 // of the best candidate
	part       float32 // what is left out of its name, from 0 to 1
	whole      bool    // it is the whole name of a stop, letter by letter
}

// key is the text of tokens without spaces, with canonical types.
func (g *reading) key(from, to int) string { return g.canonical[g.offsets[from]:g.offsets[to]] }

// findStops finds all names of stops, and keeps the best of those that overlap.
func (g *reading) findStops() {
	for i := range g.tokens {
		if g.used[i] || g.tokens[i].text == "" {
			continue
		}
		for n := 1; n <= maxStopTokens && i+n <= len(g.tokens); n++ {
			last := g.tokens[i+n-1]
			if g.used[i+n-1] || n > 1 && last.gap > stroke {
				break
			}
			if m, ok := g.mentionAt(i, i+n); ok {
				g.found = append(g.found, m)
			}
		}
	}
	slices.SortStableFunc(g.found, func(a, b mention) int {
		x, y := a.score+perLetter*float64(len(g.key(a.from, a.to))), b.score+perLetter*float64(len(g.key(b.from, b.to)))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	for _, m := range g.found {
		if slices.ContainsFunc(g.found, func(other mention) bool {
			return other.whole && other.from <= m.from && m.to <= other.to && other.to-other.from > m.to-m.from
		}) {
			continue // "Tegel" in "Alt-Tegel"
		}
		if !slices.ContainsFunc(g.mentions, func(other mention) bool { return m.from < other.to && other.from < m.to }) {
			g.mentions = append(g.mentions, m)
		}
	}
	slices.SortFunc(g.mentions, func(a, b mention) int { return a.from - b.from })
}

// ordinary words are no stops when they stand alone, even if one is called so. Others may be names that only begin like a word: Westend, like "Westen".
const ordinary = notAlone &^ (people | inspectors | police | disruption | gone)

const notAlone = common | generic | people | inspectors | police | disruption | gone | question | towards | to | from | between | behind | at | now | skip | alighted | boarded | compass

// mentionAt reads the tokens from..to as the name of a stop.
func (g *reading) mentionAt(from, to int) (m mention, ok bool) {
	plain, other := 0, 0 // tokens that are neither types of stops nor words of the language, and the latter
	for i := from; i < to; i++ {
		t := g.tokens[i]
		switch {
		case t.roles&notAlone != 0 || t.kinds != 0:
			other++
		case !t.digits && !t.isType && len(t.text) > 1:
			plain++
		}
	}
	if plain == 0 && to-from == 1 && other > 0 && g.tokens[from].roles&ordinary != 0 {
		return m, false
	}
	m = mention{from: from, to: to, marker: -1}
	g.findMarker(&m)
	key := g.key(from, to)
	if to-from == 1 && g.tokens[from].roles&usual != 0 {
		if g.alone(&m) {
			return m, false
		}
		plain = 0 // neither a typing error nor cut short
	}
	if k, found := g.reader.index.exact[key]; found {
		g.consider(&m, g.reader.index.keys[k].stops, 1, plain == 0)
		m.whole = len(m.candidates) > 0 && g.reader.index.keys[k].stops[0].cost < 0.01
	}
	if plain > 0 && (other == 0 || len(key) >= longName && g.reader.index.begins(g.key(from, from+1))) {
		if other == 0 && to-from == 1 && len(m.candidates) == 0 {
			g.lengthenType(&m, key)
		}
		if len(m.candidates) == 0 || m.score < sureScore {
			g.reader.index.similar(key, &g.seen, func(k int32, errors int) {
				if errors > 0 && (other == 0 || errors == 1) {
					found := g.reader.index.keys[k]
					g.consider(&m, found.stops, 1-errorCost*float64(errors)/float64(max(len(key), len(found.text))), other > 0)
				}
			})
		}
		if other == 0 && len(m.candidates) == 0 {
			switch to - from {
			case 1:
				g.cutShort(&m, key)
			case 2:
				g.cutShortInTwo(&m, key)
			}
		}
	}
	if to-from == 1 && m.part > maxAlone && g.alone(&m) {
		return m, false
	}
	return m, len(m.candidates) > 0
}

// alone reports whether no other word speaks for a stop.
func (g *reading) alone(m *mention) bool {
	return len(g.said) == 0 && m.mode == 0 && m.role == 0 && !m.support
}

// findMarker finds the word in front of a name that says what the stop is, beyond articles and letters for the kind of line.
func (g *reading) findMarker(m *mention) {
	if m.from > 0 && g.tokens[m.from].gap <= space {
		m.support = g.used[m.from-1] || g.tokens[m.from-1].roles&generic != 0
	}
	for i := m.from; i > max(0, m.from-maxBefore); i-- {
		if g.tokens[i].gap == arrow {
			m.role, m.arrow = to, true
			return
		}
		if g.tokens[i].gap == pause && i < m.from {
			return
		}
		t := g.tokens[i-1]
		if marks := t.roles & (towards | to | from | between | at | now); marks != 0 && !g.used[i-1] {
			if t.roles&towards == 0 && g.tokens[i].gap == pause {
				return
			}
			m.role, m.marker = marks, i-1
			return
		}
		mode := g.reader.lines.kindsOf[t.text]
		switch {
		case g.reader.lines.modes[t.text] && g.tokens[i].gap < pause:
			m.mode |= mode
		case t.kinds&^(anyLine|ringLine) != 0 && g.tokens[i].gap < pause && !g.used[i-1]:
			m.mode |= t.kinds &^ (anyLine | ringLine)
		case t.roles&(skip|generic) != 0 && g.tokens[i].gap < pause:
		default:
			return
		}
	}
}
