package read

import "slices"

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
	isTerminal    = 0.2
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
	maxBefore     = 6  // words between a name and the one that says what it is
	maxKeys       = 60 // that begin alike
	leastStem     = 2  // letters in front of the type in a name that is cut short inside: "Lidamm" for "Lindendamm"
	maxStem       = 6
	leastCutInTwo = 8 // letters of two words of which the second is cut short
	leastWithType = 6 // letters of a word that ends in a type of two letters
)

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
		if g.reader.servedByAny(stop, g.running) {
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
	if m.role&(towards|to) != 0 && g.isTerminalOf(stop, g.running) {
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
