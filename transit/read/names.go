package read

import (
	"slices"
	"strings"

	"linienfunk/transit/network"
)

// Costs of what is left out of a name.
const (
	partCost      = 0.08 // of any part of a name
	droppedCost   = 0.35 // times the share of letters that are left out
	typeCost      = 0.14 // of a name without its type: "Landsberger" of "Landsberger Allee"
	bareCost      = 0.06 // of several words without their types and articles
	shortTypeCost = 0.01 // of a name with its type shortened
	turnedCost    = 0.1  // of "Neustadt Rathaus"
	townCost      = 0.12 // of a name without a town that is not the city
	leastLetters  = 3    // of a part
	maxNameParts  = 8    // words of a name, of which all parts are tried
)

// names collects the ways to write the stops.
type names struct {
	words *vocabulary
	modes map[string]bool    // letters before the digits of lines, which names may carry as well: "U Hermannplatz"
	towns map[string]float64 // places, and what it costs to leave them out
	keys  map[string][]named
}

// readNames returns the keys of all names.
func readNames(n *network.Network, words *vocabulary, modes map[string]bool, others map[int][]string) map[string][]named {
	all := names{words: words, modes: modes, towns: map[string]float64{}, keys: map[string][]named{}}
	count, main := map[string]int{}, ""
	for _, stop := range n.Stops {
		if town := foldWord(stop.Place); town != "" {
			count[town]++
			all.towns[town] = townCost
			if count[town] > count[main] {
				main = town
			}
		}
	}
	all.towns[main] = 0 // the city itself
	for i, stop := range n.Stops {
		all.addName(int32(i), stop.Name)
		for _, other := range append(stop.OtherNames, others[i]...) {
			all.put(int32(i), canonicalKey(words, scan(other)), 0)
		}
	}
	return all.keys
}

func canonicalKey(words *vocabulary, tokens []token) string {
	var key strings.Builder
	for _, t := range tokens {
		key.WriteString(words.canonical(t.text))
	}
	return key.String()
}

func (n *names) put(stop int32, key string, cost float64) {
	if len(key) == 0 || len(key) > maxWord {
		return
	}
	list := n.keys[key]
	for i := range list {
		if list[i].stop == stop {
			list[i].cost = min(list[i].cost, float32(cost))
			return
		}
	}
	n.keys[key] = append(list, named{stop, float32(cost)})
}

// addName adds a name, each side of a stroke or bracket in it, and their parts.
func (n *names) addName(stop int32, name string) {
	whole := scan(name)
	for len(whole) > 1 && n.modes[whole[0].text] {
		whole = whole[1:]
	}
	n.put(stop, canonicalKey(n.words, whole), 0)
	tokens, base := n.strip(whole)
	sides := [][]token{nil}
	for i, t := range tokens {
		if i > 0 && (t.gap == stroke || t.gap == pause) {
			sides = append(sides, nil)
		}
		sides[len(sides)-1] = append(sides[len(sides)-1], t)
	}
	n.put(stop, canonicalKey(n.words, tokens), base)
	if base > 0 {
		n.addParts(stop, scan(name), 0) // "Teltow Stadt" is called Teltow
	}
	if len(sides) == 1 {
		n.addParts(stop, tokens, base)
		return
	}
	if len(sides) == 2 {
		n.addCorner(stop, sides[0], sides[1], base)
		n.addCorner(stop, sides[1], sides[0], base+turnedCost)
	}
	for i, side := range sides {
		cost := base + 0.05
		if i > 0 {
			cost = base + 0.3 // the second of two streets, or a remark
		}
		if _, isTown := n.towns[joined(side)]; isTown && i > 0 {
			continue // "Hafen/Markt(Neudorf)"
		}
		side, _ = n.strip(side)
		n.addParts(stop, side, cost)
	}
}

// addCorner adds two streets that meet, with and without their types: "Lindenallee Hofer".
func (n *names) addCorner(stop int32, one, other []token, cost float64) {
	for _, a := range n.withAndWithoutType(one) {
		for _, b := range n.withAndWithoutType(other) {
			n.put(stop, a+b, cost+bareCost)
		}
	}
}

func (n *names) withAndWithoutType(side []token) []string {
	side, _ = n.strip(side)
	whole := canonicalKey(n.words, side)
	if last := len(side) - 1; last > 0 && n.words.isType(n.words.canonical(side[last].text)) {
		return []string{whole, canonicalKey(n.words, side[:last])}
	}
	return []string{whole, n.words.withoutType(whole)}
}

// strip removes what a name only says about the kind of the stop: "S+U" in front, "Bahnhof" anywhere; and a town in front, which may cost something.
func (n *names) strip(tokens []token) (kept []token, cost float64) {
	for i, t := range tokens {
		front, last := len(kept) == 0, i == len(tokens)-1
		town, isTown := n.towns[t.text]
		m := n.words.exact[t.text]
		switch {
		case front && !last && n.modes[t.text]:
		case front && !last && isTown:
			cost += town
		case (m.roles&generic != 0 || m.kinds != 0 && m.roles == 0) && !n.words.isType(t.text) && len(tokens) > 1:
		default:
			kept = append(kept, t)
		}
	}
	if !slices.ContainsFunc(kept, func(t token) bool { return n.words.exact[t.text].roles&ordinary == 0 }) {
		return tokens, 0 // nothing is left, or "Stadt" of "Neudorf Stadt"
	}
	return kept, cost
}

// addParts adds a name and all sequences of its words.
func (n *names) addParts(stop int32, tokens []token, cost float64) {
	parts := make([]string, len(tokens))
	total := 0
	for i, t := range tokens {
		parts[i] = n.words.canonical(t.text)
		total += len(parts[i])
	}
	whole := strings.Join(parts, "")
	n.put(stop, whole, cost)
	if stem, ending := n.words.splitType(whole); len(n.words.shorts[ending]) >= leastLetters {
		n.put(stop, stem+n.words.shorts[ending], cost+shortTypeCost) // in which typing errors are found: "Hermannsrt"
	}
	if len(parts) > maxNameParts || total == 0 {
		return
	}
	if len(parts) == 2 && !n.words.isType(parts[1]) {
		n.put(stop, parts[1]+parts[0], cost+turnedCost)
	}
	for i := range parts {
		for j := i + 1; j <= len(parts); j++ {
			n.addPart(stop, parts, i, j, total, cost)
		}
	}
}

// addPart adds the words from i to j, and them without their type.
func (n *names) addPart(stop int32, parts []string, i, j, total int, cost float64) {
	core := 0 // letters that are no type and no article
	dropped := 0.0
	for k, part := range parts {
		light := part == "" || n.words.isType(part) || n.words.articles[part]
		switch inside := i <= k && k < j; {
		case inside && !light && (len(parts) == 1 || n.words.exact[part].roles&ordinary == 0):
			core += len(part)
			if part[0] <= '9' {
				core++ // numbers are short
			}
		case !inside && light:
			dropped += float64(len(part)) * typeCost / droppedCost
		case !inside:
			dropped += float64(len(part))
		}
	}
	part := strings.Join(parts[i:j], "")
	if core < leastLetters || n.words.articles[parts[j-1]] || n.words.articles[parts[i]] {
		return
	}
	if i > 0 || j < len(parts) {
		cost += partCost + droppedCost*dropped/float64(total)
		n.put(stop, part, cost)
	}
	if short := n.words.withoutType(parts[j-1]); short != parts[j-1] && len(part)-len(parts[j-1])+len(short) >= leastLetters+1 {
		n.put(stop, part[:len(part)-len(parts[j-1])+len(short)], cost+partCost+typeCost)
	}
	if bare := n.bare(parts[i:j]); bare != "" && bare != part {
		n.put(stop, bare, cost+bareCost)
	}
}

// bare joins the words that are neither types nor articles, if there are two.
func (n *names) bare(parts []string) string {
	var kept strings.Builder
	count := 0
	for _, part := range parts {
		if !n.words.articles[part] && !n.words.isType(part) {
			kept.WriteString(part)
			count++
		}
	}
	if count < 2 {
		return ""
	}
	return kept.String()
}
