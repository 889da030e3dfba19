package read

import (
	"slices"
	"strings"
)

// Weights of what speaks for a stop. A score of 1 is its whole name at a station.
const (
	errorCost     = 1.7  // times the share of letters that are wrong
	shortCost     = 0.2  // of a name that is cut short: "Alex"
	cutCost       = 0.22 // times the share of letters that are cut
	nicknameCost  = 0.1  // more, for "Kotti"
	onLine        = 0.25
	offLine       = -0.3
	fitsMode      = 0.12
	otherMode     = -0.15
	isRecent      = 0.1
	isTerminal    = 0.12
	otherType     = -0.3 // "Marktplatz" is no part of "Markt Allee"
	afterRole     = 0.05
	perLetter     = 0.02 // for the longer one of two names that overlap
	leastScore    = 0.55
	sureScore     = 0.85 // of a name for which no similar ones are tried
	leastGuess    = 0.65 // of a name that is not written like that, and that no other word supports
	maxAlone      = 0.23 // left out of a name of one word: not "Karl" for Karl-Marx-Straße, if no other word supports it
	leastMargin   = 0.04 // between the best stop and the next one elsewhere
	nearby        = 450  // metres: two stops that are one for riders
	longName      = 10   // letters of a name with ordinary words, in which a letter may be wrong: "Unter den Linden"
	maxStopTokens = 6
	maxKeys       = 60 // that begin alike
	leastStem     = 2  // letters in front of the type in a name that is cut short inside: "Lidamm" for "Lindendamm"
	maxStem       = 6
)

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
		if len(m.candidates) == 0 || m.score < sureScore {
			g.reader.index.similar(key, &g.seen, func(k int32, errors int) {
				if errors > 0 && (other == 0 || errors == 1) {
					found := g.reader.index.keys[k]
					g.consider(&m, found.stops, 1-errorCost*float64(errors)/float64(max(len(key), len(found.text))), other > 0)
				}
			})
		}
		if other == 0 && to-from == 1 && len(m.candidates) == 0 {
			g.cutShort(&m, key)
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

// cutShort finds "Alex", "Kotti" and "Lidamm".
func (g *reading) cutShort(m *mention, word string) {
	t := g.tokens[m.from]
	if len(word) < 3 || len(word) == 3 && m.role == 0 && m.mode == 0 && !m.support && !t.upper {
		return
	}
	if m.to < len(g.tokens) && g.tokens[m.to].gap == glued && !g.tokens[m.to].digits {
		return // the beginning of another word: BotFather
	}
	try := func(word string, cost float64) {
		keys := g.reader.index.beginning(word)
		if len(keys) > maxKeys && len(g.lines) == 0 {
			return
		}
		for _, k := range keys {
			g.consider(m, k.stops, 1-cost-cutCost*(1-float64(len(word))/float64(len(k.text))), false)
		}
	}
	try(word, shortCost)
	for _, ending := range g.reader.words.nicknames {
		if len(word) >= 4+len(ending) && word[len(word)-len(ending):] == ending {
			try(word[:len(word)-len(ending)], shortCost+nicknameCost)
		}
	}
	if stem, ending := g.reader.words.splitType(word); len(stem) >= leastStem && len(stem) < maxStem {
		for _, k := range g.reader.index.beginning(stem) {
			if len(k.text) > len(word) && strings.HasSuffix(k.text, ending) {
				g.consider(m, k.stops, 1-shortCost-cutCost*(1-float64(len(word))/float64(len(k.text))), false)
			}
		}
	}
	for _, ending := range g.reader.words.inflection {
		if stem := len(word) - len(ending); stem >= 4 && word[stem:] == ending {
			try(word[:stem], shortCost-0.1)
		}
	}
}

// consider adds stops with a quality to the candidates, if the context lets them.
func (g *reading) consider(m *mention, stops []named, quality float64, strict bool) {
	alone := g.alone(m)
	for _, one := range stops {
		if strict && one.cost > 0.01 {
			continue
		}
		stop := int(one.stop)
		cost := 1 - quality + float64(one.cost)
		score := 1 - cost + g.context(m, stop, cost)
		if score < leastScore {
			continue
		}
		if alone && (quality < 1 && score < leastGuess || g.capitals && !g.tokens[m.from].upper && cost > 0.01) {
			continue
		}
		at := slices.IndexFunc(m.candidates, func(c candidate) bool { return c.stop == stop })
		if score > m.score {
			m.part = one.cost
		}
		if at < 0 {
			m.candidates = append(m.candidates, candidate{stop, score})
		} else {
			m.candidates[at].score = max(m.candidates[at].score, score)
		}
		m.score = max(m.score, score)
	}
}

// context says what a message and its time say for a stop, and against it if the name costs something.
func (g *reading) context(m *mention, stop int, cost float64) float64 {
	score := 0.0
	weight := g.reader.weights[stop]
	if cost > 0 && m.to < len(g.tokens) && g.tokens[m.to].gap <= space && g.tokens[m.to].isType {
		score += otherType
	}
	if len(g.said) > 0 {
		if g.reader.servedByAny(stop, g.said) {
			score += onLine
			weight = 0
		} else if m.role&towards != 0 {
			score += offLine / 2 // lines are cut short at times
		} else {
			score += offLine
		}
	}
	if m.mode != 0 {
		if g.reader.servedByKinds(stop, m.mode) {
			score += fitsMode
			weight = 0
		} else {
			score += otherMode
		}
	}
	if m.role&(towards|to) != 0 && g.isTerminalOf(stop, g.said) {
		score += isTerminal
	}
	if m.role != 0 {
		score += afterRole
	}
	if slices.Contains(g.recent, stop) {
		score += isRecent
	}
	return score - weight
}

func (g *reading) isTerminalOf(stop int, lines []int) bool {
	return slices.ContainsFunc(lines, func(line int) bool { return slices.Contains(g.reader.terminals(line), stop) })
}

func (r *Reader) terminals(line int) []int { return r.net.Lines[line].Terminals() }

func (r *Reader) servedByKinds(stop int, kinds kindSet) bool {
	return slices.ContainsFunc(r.serving[stop], func(line int32) bool { return kindBit(r.net.Lines[line].Kind)&kinds != 0 })
}

// findMarker finds the word in front of a name that says what the stop is, beyond articles and letters for the kind of line.
func (g *reading) findMarker(m *mention) {
	if m.from > 0 && g.tokens[m.from].gap <= space {
		m.support = g.used[m.from-1] || g.tokens[m.from-1].roles&generic != 0
	}
	for i := m.from; i > 0; i-- {
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
