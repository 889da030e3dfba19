package read

import (
	"slices"
	"strings"

	"linienfunk/transit/network"
)

// lineNames finds lines by their names.
type lineNames struct {
	byName  map[string][]int   // by the folded name without spaces; railways first
	digits  map[string][]int   // by the digits of names that have letters too: 4 of M4
	modes   map[string]bool    // letters before the digits of at least two lines: S, U, M
	kindsOf map[string]kindSet // of the lines with these letters
	rings   []int
	instead map[int][]int // buses of the same name as a railway
}

// lineMention is a line in a message, or several of one name.
type lineMention struct {
	from, to int // tokens
	lines    []int
	word     int // token of the word for lines beside it, or -1
	ring     bool
}

func readLines(n *network.Network, words *vocabulary) lineNames {
	l := lineNames{byName: map[string][]int{}, digits: map[string][]int{}, modes: map[string]bool{}, kindsOf: map[string]kindSet{}, instead: map[int][]int{}}
	count, all := map[string]int{}, map[string][]int{}
	for i, line := range n.Lines {
		tokens := scan(line.Name)
		if len(tokens) > 1 && words.lookup(tokens[0].text).kinds != 0 { // "Tram 4" is called 4
			tokens = tokens[1:]
		}
		name := joined(tokens)
		if name == "" {
			continue
		}
		l.byName[name] = l.add(n, l.byName[name], i)
		all[name] = append(all[name], i)
		if len(tokens) >= 2 && !tokens[0].digits && tokens[1].digits {
			l.digits[joined(tokens[1:])] = append(l.digits[joined(tokens[1:])], i)
			count[tokens[0].text]++
			if kinds := l.kindsOf[tokens[0].text]; rankOf(line.Kind) > 0 || kinds == 0 { // not that of replacement buses
				l.kindsOf[tokens[0].text] = kinds&^kindBit(network.Bus) | kindBit(line.Kind)
			}
		}
		if line.IsRing() && rankOf(line.Kind) > 0 {
			l.rings = append(l.rings, i)
		}
	}
	for name, lines := range l.byName {
		for _, other := range all[name] {
			if !slices.Contains(lines, other) {
				for _, line := range lines {
					l.instead[line] = append(l.instead[line], other)
				}
			}
		}
	}
	for letters, n := range count {
		if n >= 2 && len(letters) <= 2 {
			l.modes[letters] = true
		}
	}
	return l
}

// add adds a line to those of one name. If there are railways among them, the buses are their replacements.
func (l *lineNames) add(n *network.Network, lines []int, line int) []int {
	if len(lines) == 0 || rankOf(n.Lines[lines[0]].Kind) == rankOf(n.Lines[line].Kind) {
		return append(lines, line)
	}
	if rankOf(n.Lines[lines[0]].Kind) > rankOf(n.Lines[line].Kind) {
		return lines
	}
	return []int{line}
}

func joined(tokens []token) string {
	var text strings.Builder
	for _, t := range tokens {
		text.WriteString(t.text)
	}
	return text.String()
}

// findLines finds the lines that a message names.
func (g *reading) findLines() {
	for i := 0; i < len(g.tokens); i++ {
		m, ok := g.lineAt(i)
		if !ok || g.used[i] {
			continue
		}
		g.lines = append(g.lines, m)
		for k := m.from; k < m.to; k++ {
			g.used[k] = true
		}
		i = m.to - 1
	}
	g.findRing()
}

// lineAt reads a line that starts at a token.
func (g *reading) lineAt(i int) (lineMention, bool) {
	t := g.tokens[i]
	if t.text == "" {
		return lineMention{}, false
	}
	if !t.digits {
		if m, ok := g.lettersAndDigits(i); ok {
			return m, true
		}
		return g.namedLine(i)
	}
	return g.number(i)
}

// lettersAndDigits reads U8, U 8, N7X, u8er.
func (g *reading) lettersAndDigits(i int) (m lineMention, ok bool) {
	if i+1 >= len(g.tokens) || len(g.tokens[i].text) > 4 {
		return m, false
	}
	letters, digits := g.tokens[i], g.tokens[i+1]
	if !digits.digits || digits.gap > space || g.isTime(i+1) {
		return m, false
	}
	if digits.gap == space && (!g.reader.lines.modes[letters.text] || g.counts(i+1)) {
		return m, false
	}
	name := letters.text + digits.text
	if i+2 < len(g.tokens) && g.tokens[i+2].gap == glued {
		if lines := g.reader.lines.byName[name+g.tokens[i+2].text]; lines != nil {
			return lineMention{from: i, to: i + 3, lines: lines, word: -1}, true
		}
	}
	lines := g.reader.lines.byName[name]
	if lines == nil {
		return m, false
	}
	m = lineMention{from: i, to: i + 2, lines: lines, word: -1}
	if i+2 < len(g.tokens) && g.tokens[i+2].gap <= hyphen && slices.Contains(g.reader.words.endings, g.tokens[i+2].text) {
		m.to++
	}
	return m, true
}

// ofKinds returns the lines of a name or number that a word like "tram" fits.
func (g *reading) ofKinds(name string, kinds kindSet) (lines []int) {
	fits := func(i int) bool {
		line := g.reader.net.Lines[i]
		return kinds&anyLine != 0 || kinds&ringLine != 0 && line.IsRing() || kinds&(kindBit(line.Kind)|kindBit("")) != 0 || line.Kind == ""
	}
	for _, list := range [][]int{g.reader.lines.byName[name], g.reader.lines.digits[name]} {
		for _, i := range list {
			if fits(i) {
				lines = g.reader.lines.add(g.reader.net, lines, i)
			}
		}
		if len(lines) > 0 {
			return lines
		}
	}
	return nil
}

// namedLine reads names without digits: "RER B", "the L train", "Victoria line".
func (g *reading) namedLine(i int) (m lineMention, ok bool) {
	for n := min(3, len(g.tokens)-i); n > 0; n-- {
		lines := g.reader.lines.byName[joined(g.tokens[i:i+n])]
		if lines == nil {
			continue
		}
		m = lineMention{from: i, to: i + n, lines: lines, word: -1}
		for _, word := range [2]int{i - 1, i + n} {
			if word >= 0 && word < len(g.tokens) && g.tokens[word].kinds != 0 && g.tokens[max(word, i)].gap <= space {
				m.word = word
				return m, true
			}
		}
		if g.longestStop(i) > n {
			continue // "W 4 St"
		}
		t := g.tokens[i]
		switch plain := t.roles == 0 && t.kinds == 0; {
		case !t.upper:
		case len(t.text) == 1 && n == 1:
			if i > 0 && g.tokens[i].gap != glued || g.bareLine(i, i+1, lines) {
				return m, true
			}
		case plain && (len(t.text) > 3 || n > 1 || i == 0) && !g.reader.lines.modes[t.text]:
			_, isStop := g.reader.index.exact[g.key(i, i+n)]
			return m, !isStop
		}
	}
	return m, false
}

// longestStop returns the most tokens from i on that are the name of a stop.
func (g *reading) longestStop(i int) (longest int) {
	for n := 1; n <= maxStopTokens && i+n <= len(g.tokens) && (n == 1 || g.tokens[i+n-1].gap <= stroke); n++ {
		if _, found := g.reader.index.exact[g.key(i, i+n)]; found {
			longest = n
		}
	}
	return longest
}

// findRing adds the ring lines, if a message says "ring" and names no line.
func (g *reading) findRing() {
	if len(g.reader.lines.rings) == 0 {
		return
	}
	for i, t := range g.tokens {
		if t.kinds&ringLine == 0 || g.used[i] {
			continue
		}
		if len(g.lines) == 0 {
			g.lines = append(g.lines, lineMention{from: i, to: i + 1, lines: g.reader.lines.rings, word: -1, ring: true})
		}
		g.used[i] = true
	}
}

func (r *Reader) servedByAny(stop int, lines []int) bool {
	return slices.ContainsFunc(lines, func(line int) bool { _, found := slices.BinarySearch(r.serving[stop], int32(line)); return found })
}
