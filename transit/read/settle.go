package read

import (
	"slices"
	"strings"

	"linienfunk/transit/network"
)

// reading is the work on one message.
type reading struct {
	reader    *Reader
	text      string
	tokens    []token
	canonical string // all tokens with canonical types, without spaces
	offsets   []int  // of the tokens in canonical, and its length
	used      []bool // tokens that are part of a line
	asks      bool   // a question mark stands outside of links
	capitals  bool   // the author writes names with capitals
	lines     []lineMention
	said      []int // all lines said
	running   []int // these, and the buses that replace them
	recent    []int // stops of recent readings
	found     []mention
	mentions  []mention
	seen      visited
	buffer    []byte
}

// Read reads a message, of which it looks at the first MaxText bytes.
func (r *Reader) Read(text string, context Context) Reading {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	g := r.scratch.Get().(*reading)
	defer r.scratch.Put(g)
	g.reset(r, text, context)
	if r.shapes {
		return g.result()
	}
	g.findLines()
	for _, m := range g.lines {
		for _, line := range m.lines {
			if !slices.Contains(g.said, line) {
				g.said = append(g.said, line)
				g.running = append(append(g.running, line), r.lines.instead[line]...)
			}
		}
	}
	g.findStops()
	return g.result()
}

func (g *reading) reset(r *Reader, text string, context Context) {
	g.reader, g.text, g.tokens = r, text, scan(text)
	r.words.mark(g.tokens)
	g.offsets, g.buffer = g.offsets[:0], g.buffer[:0]
	for i, t := range g.tokens {
		g.offsets = append(g.offsets, len(g.buffer))
		if r.words.isOrdinal(g.tokens, i) {
			continue
		}
		canonical := r.words.canonical(t.text)
		g.tokens[i].isType = r.words.isType(canonical)
		g.buffer = append(g.buffer, canonical...)
	}
	g.offsets = append(g.offsets, len(g.buffer))
	g.canonical = string(g.buffer)
	g.used = append(g.used[:0], make([]bool, len(g.tokens))...)
	g.passOverLinks()
	g.capitals = slices.ContainsFunc(g.tokens, func(t token) bool { return t.upper && t.gap != pause && t.gap != glued && len(t.text) > 2 })
	g.lines, g.said, g.running, g.recent, g.found, g.mentions = g.lines[:0], g.said[:0], g.running[:0], g.recent[:0], g.found[:0], g.mentions[:0]
	for _, recent := range context.Recent {
		g.recent = append(append(g.recent, recent.Stops...), recent.Directions...)
	}
}

// passOverLinks takes addresses of pages out of what is read.
func (g *reading) passOverLinks() {
	g.asks = false
	next := 0 // token
	for at := 0; at < len(g.text); {
		word := g.text[at:]
		if end := strings.IndexAny(word, " \t\n"); end >= 0 {
			word = word[:end+1]
		}
		link := strings.Contains(word, "://") || strings.HasPrefix(word, "www.")
		for ; next < len(g.tokens) && g.tokens[next].start < at+len(word); next++ {
			if t := &g.tokens[next]; link {
				t.roles, t.kinds, g.used[next] = 0, 0, true
			}
		}
		g.asks = g.asks || !link && strings.ContainsRune(word, '?')
		at += len(word)
	}
}

// result puts together what was found.
func (g *reading) result() Reading {
	var out Reading
	placed := g.place(&out)
	g.assign(&out, placed)
	g.chooseLines(&out)
	if g.reader.shapes {
		out.Shapes = g.findShapes()
		for _, s := range out.Shapes {
			out.Words = append(out.Words, Word{s.Start, s.End, ForLine})
		}
	}
	g.chooseKind(&out)
	slices.SortStableFunc(out.Words, func(a, b Word) int { return a.Start - b.Start })
	return out
}

// place is a mention that means one stop.
type placed struct {
	mention
	stop int
}

// place settles which stop each mention means, or leaves it open.
func (g *reading) place(out *Reading) (all []placed) {
	for _, m := range g.mentions {
		slices.SortStableFunc(m.candidates, func(a, b candidate) int {
			switch {
			case a.score > b.score:
				return -1
			case a.score < b.score:
				return 1
			}
			return 0
		})
		best := m.candidates[0]
		open := []int{best.stop}
		for _, other := range m.candidates[1:] {
			if other.score > best.score-leastMargin && !g.near(best.stop, other.stop) {
				open = append(open, other.stop)
			}
		}
		if len(open) > 1 {
			out.Open = append(out.Open, Open{g.tokens[m.from].start, g.tokens[m.to-1].end, open})
			continue
		}
		all = append(all, placed{m, best.stop})
	}
	return all
}

func (g *reading) near(a, b int) bool {
	x, y := g.reader.net.Stops[a], g.reader.net.Stops[b]
	return (x.Lat != 0 || x.Lon != 0) && network.Distance(x.Lat, x.Lon, y.Lat, y.Lon) < nearby
}

// chooseLines settles which lines are meant: of several of one name, those that serve the stop; of ring lines, those that go the way that is said; if none is said, the one that
// alone serves the stop.
func (g *reading) chooseLines(out *Reading) {
	for _, m := range g.lines {
		lines := m.lines
		if len(lines) > 1 && len(out.Stops) > 0 {
			if serving := g.servingAll(lines, append(slices.Clone(out.Stops), out.Directions...)); len(serving) > 0 {
				lines = serving
			} else if serving := g.servingAll(lines, out.Stops[:1]); len(serving) > 0 {
				lines = serving
			}
		}
		for _, line := range lines {
			if !slices.Contains(out.Lines, line) {
				out.Lines = append(out.Lines, line)
			}
		}
		out.Words = append(out.Words, Word{g.tokens[m.from].start, g.tokens[m.to-1].end, ForLine})
	}
	if len(g.lines) == 0 {
		g.findNumber(out)
	}
	if len(out.Lines) == 0 && len(out.Stops) > 0 {
		out.Lines, out.Inferred = g.inferLine(out.Stops, out.Directions)
	}
}

func (g *reading) servingAll(lines, stops []int) (serving []int) {
	for _, line := range lines {
		if !slices.ContainsFunc(stops, func(stop int) bool { return !g.reader.servedByAny(stop, []int{line}) }) {
			serving = append(serving, line)
		}
	}
	return serving
}

// inferLine returns the only line of the highest rank that serves a stop.
func (g *reading) inferLine(stops, directions []int) ([]int, bool) {
	var lines []int
	rank := 0
	for _, line := range g.reader.serving[stops[0]] {
		switch r := rankOf(g.reader.net.Lines[line].Kind); {
		case r > rank || len(lines) == 0:
			rank, lines = r, []int{int(line)}
		case r == rank:
			lines = append(lines, int(line))
		}
	}
	if len(lines) != 1 {
		return nil, false
	}
	return lines, true
}
