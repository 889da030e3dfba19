package read

import (
	"slices"
	"strings"
)

// isTime reports whether a number is part of a time or date: 18:30, 7.12.
func (g *reading) isTime(i int) bool {
	t := g.tokens[i]
	if i+1 < len(g.tokens) {
		next := g.tokens[i+1]
		if next.digits && next.start == t.end+1 && (g.text[t.end] == ':' || g.text[t.end] == '.' || g.text[t.end] == ',') {
			return true
		}
	}
	return i > 0 && g.tokens[i-1].digits && t.start == g.tokens[i-1].end+1 && strings.IndexByte(":.,", g.text[g.tokens[i-1].end]) >= 0
}

// counts reports whether a number counts people, minutes and the like. Ten inspectors and more are rather a line with inspectors.
func (g *reading) counts(i int) bool {
	if i+1 >= len(g.tokens) || g.tokens[i+1].gap > space && g.tokens[i+1].gap != stroke {
		return false
	}
	next := g.tokens[i+1]
	if next.gap == glued && slices.Contains(g.reader.words.endings, next.text) {
		return false
	}
	return next.roles&people != 0 && !(next.roles&inspectors != 0 && len(g.tokens[i].text) > 1)
}

// number reads "Linie 7", "bus 41", "the 4 train", and a number alone if it cannot be anything else.
func (g *reading) number(i int) (m lineMention, ok bool) {
	t := g.tokens[i]
	if g.isTime(i) || i > 0 && t.gap == glued && !g.tokens[i-1].upper && g.tokens[i-1].kinds == 0 {
		return m, false
	}
	name, to := t.text, i+1
	if to < len(g.tokens) && g.tokens[to].gap == glued && !g.tokens[to].digits {
		if longer := name + g.tokens[to].text; g.reader.lines.byName[longer] != nil {
			name, to = longer, to+1
		} else if slices.Contains(g.reader.words.endings, g.tokens[to].text) {
			to++
		} else {
			return m, false // 2x, 3m
		}
	}
	for _, word := range [2]int{i - 1, to} {
		if word < 0 || word >= len(g.tokens) || g.tokens[word].kinds == 0 || g.tokens[max(word, i)].gap > space || word < i && g.counts(to-1) {
			continue
		}
		if lines := g.ofKinds(name, g.tokens[word].kinds); len(lines) > 0 {
			return lineMention{from: i, to: to, lines: lines, word: word}, true
		}
	}
	lines := g.reader.lines.byName[name]
	return lineMention{from: i, to: to, lines: lines, word: -1}, lines != nil && !g.counts(to-1) && g.bareLine(i, to, lines)
}

// findNumber finds a number alone that is a line between two stops that were said: "Hafen 12 Richtung Markt", "12 zwischen Hafen und Markt".
func (g *reading) findNumber(out *Reading) {
	if len(out.Stops)+len(out.Directions) < 2 {
		return
	}
	said := append(slices.Clone(out.Stops), out.Directions...)
	for i, t := range g.tokens {
		alone := t.gap != glued && (i+1 == len(g.tokens) || g.tokens[i+1].gap != glued)
		if !t.digits || !alone || g.isTime(i) || g.counts(i) || slices.ContainsFunc(g.mentions, func(m mention) bool { return m.from <= i && i < m.to }) {
			continue
		}
		if lines := g.servingAll(g.reader.lines.byName[t.text], said); len(lines) > 0 {
			out.Lines = append(out.Lines, lines...)
			out.Words = append(out.Words, Word{t.start, t.end, ForLine})
			return
		}
	}
}

// bareLine reports whether a number or letter by itself must be a line, from what stands beside it: "the 7", "uptown 6", or a stop of that line behind it at the beginning.
func (g *reading) bareLine(i, end int, lines []int) bool {
	if i > 0 && g.tokens[i].gap <= space {
		before := g.tokens[i-1]
		if before.kinds&lineArticle != 0 || before.roles&(behind|compass) != 0 {
			return true
		}
	}
	if end < len(g.tokens) && g.tokens[end].gap <= space && g.tokens[end].roles&(behind&^towards) != 0 && g.tokens[end].roles&compass != 0 {
		return true
	}
	if i > 0 && g.tokens[i].gap < pause || end >= len(g.tokens) {
		return false
	}
	if g.tokens[end].roles&towards != 0 {
		return true
	}
	if before := g.tokens[end]; (before.roles&to != 0 || g.reader.lines.modes[before.text]) && end+1 < len(g.tokens) {
		end++ // "12 nach", "12 U Hauptplatz"
	}
	for n := 1; n <= 3 && end+n <= len(g.tokens); n++ {
		k, found := g.reader.index.exact[g.key(end, end+n)]
		if !found || n > 1 && g.tokens[end+n-1].gap > stroke {
			continue
		}
		for _, one := range g.reader.index.keys[k].stops {
			if g.reader.servedByAny(int(one.stop), lines) {
				return true
			}
		}
	}
	return false
}
