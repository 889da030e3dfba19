package read

import (
	"slices"
	"strings"
)

// cutShort finds "Alex", "Kotti" and "Lidamm".
func (g *reading) cutShort(m *mention, word string) {
	t := g.tokens[m.from]
	short := len(word) == 3 && m.role == 0 && m.mode == 0 && !m.support && !t.upper // only for a stop of the line said
	if len(word) < 3 || short && len(g.said) == 0 {
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
			if short && !slices.ContainsFunc(k.stops, func(one named) bool { return g.reader.servedByAny(int(one.stop), g.running) }) {
				continue
			}
			g.consider(m, k.stops, 1-cost-cutCost*(1-float64(len(word))/float64(len(k.text))), false)
		}
	}
	try(word, shortCost)
	for _, ending := range g.reader.words.nicknames {
		if len(word) >= 4+len(ending) && word[len(word)-len(ending):] == ending {
			try(word[:len(word)-len(ending)], shortCost+nicknameCost)
		}
	}
	g.cutInside(m, word)
	for _, ending := range g.reader.words.inflection {
		if stem := len(word) - len(ending); stem >= 4 && word[stem:] == ending {
			try(word[:stem], shortCost-0.1)
		}
	}
}

// cutInside finds names that are cut short in front of their type: "Lidamm" for "Lindendamm".
func (g *reading) cutInside(m *mention, word string) {
	stem, ending := g.reader.words.splitType(word)
	if len(stem) < leastStem || len(stem) > maxStem {
		return
	}
	for _, k := range g.reader.index.beginning(stem) {
		if len(k.text) > len(word) && strings.HasSuffix(k.text, ending) {
			g.consider(m, k.stops, 1-shortCost-cutCost*(1-float64(len(word))/float64(len(k.text))), false)
		}
	}
}

// cutShortInTwo finds "Frankf. Tor", "Li'damm" and "Rathaus Neuk", if another word speaks for a stop.
func (g *reading) cutShortInTwo(m *mention, key string) {
	first, last := g.tokens[m.from], g.tokens[m.to-1]
	switch {
	case g.alone(m) || first.roles&usual != 0 || last.roles&usual != 0:
	case last.isType:
		g.cutInside(m, key)
	case len(last.text) >= leastLetters && len(key) >= leastCutInTwo:
		for _, k := range g.reader.index.beginning(key) {
			g.consider(m, k.stops, 1-shortCost-cutCost*(1-float64(len(key))/float64(len(k.text))), false)
		}
	}
}

// lengthenType finds "Hermannpl" with a typing error: types of two letters may end other words too, so that they are tried only if no stop is called like the word.
func (g *reading) lengthenType(m *mention, word string) {
	for _, end := range g.reader.words.typeEnds {
		if len(end.short) != 2 || len(word) < leastWithType || !strings.HasSuffix(word, end.short) {
			continue
		}
		long := strings.TrimSuffix(word, end.short) + end.whole
		if k, found := g.reader.index.exact[long]; found {
			g.consider(m, g.reader.index.keys[k].stops, 1-shortTypeCost, false)
		}
		g.reader.index.similar(long, &g.seen, func(k int32, errors int) {
			if found := g.reader.index.keys[k]; errors == 1 && found.stops[0].cost < shortTypeCost {
				g.consider(m, found.stops, 1-shortTypeCost-errorCost/float64(len(found.text)), false)
			}
		})
	}
}
