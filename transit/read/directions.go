package read

import (
	"math"
	"slices"

	"linienfunk/transit/network"
)

// assign decides which of the placed stops are directions, and which of the others is the most important.
func (g *reading) assign(out *Reading, all []placed) {
	var stops []placed
	origin := slices.ContainsFunc(all, func(p placed) bool { return p.role&from != 0 })
	for i, p := range all {
		if g.isDirection(p, i, all, origin) {
			out.Directions = appendNew(out.Directions, p.stop)
			out.Words = append(out.Words, g.word(p, ForDirection))
			continue
		}
		stops = append(stops, p)
		out.Words = append(out.Words, g.word(p, ForStop))
	}
	for _, t := range g.tokens {
		out.Alighted = out.Alighted || t.roles&alighted != 0
	}
	if main := g.mainStop(stops); main >= 0 {
		out.Stops = append(out.Stops, stops[main].stop)
	}
	for _, p := range stops {
		out.Stops = appendNew(out.Stops, p.stop)
	}
	if len(out.Directions) == 0 {
		if stop, ok := g.compassDirection(out.Stops); ok {
			out.Directions = append(out.Directions, stop)
		}
	}
	out.Stops = slices.DeleteFunc(out.Stops, func(stop int) bool { return slices.Contains(out.Directions, stop) }) // two parts of one name
	for i, direction := range out.Directions {
		out.Directions[i] = g.terminalTowards(direction, out.Stops)
	}
	if len(g.said) > 0 && !slices.ContainsFunc(g.said, func(line int) bool { return !g.reader.net.Lines[line].IsRing() }) {
		out.Directions = nil // a ring has no terminal
	}
}

func appendNew(list []int, value int) []int {
	if slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

func (g *reading) word(p placed, part Part) Word {
	return Word{g.tokens[p.from].start, g.tokens[p.to-1].end, part}
}

// isDirection decides by the words around a stop, and by the line.
func (g *reading) isDirection(p placed, i int, all []placed, origin bool) bool {
	switch {
	case p.role&towards != 0 && !(p.marker >= 0 && g.tokens[p.marker].roles&behind != 0):
		return true
	case g.isDirectionByNext(p, i, all):
		return true
	case p.role&to != 0:
		terminal := g.isTerminalOf(p.stop, g.running)
		if p.role&at != 0 { // a word for both, as "a" in Italian
			return terminal && i > 0
		}
		if p.arrow {
			return terminal || len(g.said) == 0 && g.isTerminalOf(p.stop, g.reader.linesAt(p.stop))
		}
		return terminal || !origin
	case p.role == 0 && len(all) > 1:
		for k, other := range all {
			if other.role&(towards|to) != 0 || g.isDirectionByNext(other, k, all) {
				return false
			}
		}
		return g.isBareDirection(p)
	}
	return false
}

// isDirectionByNext reports whether the word behind a stop makes it a direction: "Wittenau bound", or "Wittenau Richtung" with nothing behind it.
func (g *reading) isDirectionByNext(p placed, i int, all []placed) bool {
	if p.to >= len(g.tokens) || g.tokens[p.to].gap > space {
		return false
	}
	switch roles := g.tokens[p.to].roles; {
	case roles&behind != 0 && roles&compass == 0:
		return true
	case roles&towards != 0 && g.isTerminalOf(p.stop, g.running):
		return i > 0 && (i == len(all)-1 || all[i+1].marker != p.to)
	}
	return false
}

// isBareDirection reports whether a stop is the end of a line that stands right in front of it: "U8 Wittenau", if another stop is named as well.
func (g *reading) isBareDirection(p placed) bool {
	for _, m := range g.lines {
		if m.to != p.from || g.tokens[p.from].gap > space {
			continue
		}
		for _, line := range m.lines {
			if variants := g.reader.net.Lines[line].Variants; len(variants) > 0 && !variants[0].IsRing() {
				if stops := variants[0].Stops; p.stop == stops[0] || p.stop == stops[len(stops)-1] {
					return true
				}
			}
		}
	}
	return false
}

func (r *Reader) linesAt(stop int) (lines []int) {
	for _, line := range r.serving[stop] {
		lines = append(lines, int(line))
	}
	return lines
}

// mainStop returns which stop a message is about: where they are now, else the last one, unless it is where they came from or the other end of a section.
func (g *reading) mainStop(stops []placed) int {
	main := -1
	for i, p := range stops {
		switch {
		case main < 0, p.role&now != 0, stops[main].role&from != 0:
			main = i
		case stops[main].role&(now|between) != 0 || p.role&from != 0:
		case p.score > stops[main].score-0.2:
			main = i
		}
	}
	return main
}

// terminalTowards returns the terminal in the direction of a stop, if a line is said and where it is: that of the most frequent variant, unless others that are hardly shorter end at
// that stop.
func (g *reading) terminalTowards(direction int, stops []int) int {
	if g.isUsualTerminal(direction) {
		return direction
	}
	for _, stop := range stops {
		for _, line := range g.said {
			for _, v := range g.reader.net.Lines[line].Variants {
				here, there := slices.Index(v.Stops, stop), slices.Index(v.Stops, direction)
				if 0 <= here && here < there && !v.IsRing() {
					return v.Stops[len(v.Stops)-1]
				}
			}
		}
	}
	return direction
}

// isUsualTerminal reports whether a variant ends at a stop that is not much rarer than the most frequent one of a line said, nor much shorter than the longest of such.
func (g *reading) isUsualTerminal(stop int) bool {
	for _, line := range g.said {
		variants := g.reader.net.Lines[line].Variants
		usual := func(v network.Variant) bool { return 4*v.Trips >= variants[0].Trips }
		longest := 0
		for _, v := range variants {
			if usual(v) {
				longest = max(longest, len(v.Stops))
			}
		}
		for _, v := range variants {
			if v.Stops[len(v.Stops)-1] == stop && usual(v) && 4*len(v.Stops) >= 3*longest {
				return true
			}
		}
	}
	return false
}

// compassDirection finds the terminal for "direction west".
func (g *reading) compassDirection(stops []int) (terminal int, ok bool) {
	if len(stops) == 0 || len(g.said) == 0 {
		return 0, false
	}
	for i, t := range g.tokens {
		if t.roles&compass != 0 && i > 0 && g.tokens[i-1].roles&(towards|to) != 0 {
			return g.terminalAt(t.roles&compass, stops[0])
		}
	}
	for i, t := range g.tokens {
		after := i+1 < len(g.tokens) && g.tokens[i+1].roles&(towards|behind) != 0
		if t.roles&compass != 0 && (after || t.roles&behind != 0) {
			return g.terminalAt(t.roles&compass, stops[0])
		}
	}
	return 0, false
}

// terminalAt returns the terminal that lies in a direction of the compass, seen from a stop.
func (g *reading) terminalAt(where roles, stop int) (terminal int, ok bool) {
	here := g.reader.net.Stops[stop]
	best := 0.0
	for _, line := range g.said {
		for _, v := range g.reader.net.Lines[line].Variants {
			if v.IsRing() || !slices.Contains(v.Stops, stop) {
				continue
			}
			end := g.reader.net.Stops[v.Stops[len(v.Stops)-1]]
			up, right := end.Lat-here.Lat, (end.Lon-here.Lon)*math.Cos(here.Lat*math.Pi/180)
			far := map[roles]float64{north: up, south: -up, east: right, west: -right}[where]
			if far > best {
				best, terminal, ok = far, v.Stops[len(v.Stops)-1], true
			}
		}
	}
	return terminal, ok
}
