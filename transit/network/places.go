package network

import "strings"

// minPlace is how many stops a feed must have in a place, so that what stands before a comma or in brackets counts as one.
const minPlace = 4

// findPlaces learns from all names of a feed how they carry the place: "Hauptstr. (Potsdam)", "Zürich, Paradeplatz" or "Paradeplatz, Zürich". It returns a function that splits
// a name. What stands at both sides of commas is a street ("Main St, Oak Av").
func findPlaces(names []string) func(name string) (rest, place string) {
	inBrackets, front, back := map[string]int{}, map[string]int{}, map[string]int{}
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if _, place, ok := cutBrackets(name); ok {
			inBrackets[place]++
		} else if before, after, ok := strings.Cut(name, ", "); ok {
			front[before]++
			if at := strings.LastIndex(name, ", "); at >= 0 {
				after = name[at+2:]
			}
			back[after]++
		}
	}
	return func(name string) (string, string) {
		if rest, place, ok := cutBrackets(name); ok && inBrackets[place] >= minPlace {
			return rest, place
		}
		before, after, ok := strings.Cut(name, ", ")
		if !ok {
			return name, ""
		}
		if front[before] >= minPlace && front[before] > 2*back[before] {
			return after, before
		}
		at := strings.LastIndex(name, ", ")
		if place := name[at+2:]; back[place] >= minPlace && back[place] > 2*front[place] {
			return name[:at], place
		}
		return name, ""
	}
}

// cutBrackets cuts what stands in brackets at the end.
func cutBrackets(name string) (rest, inside string, ok bool) {
	at := strings.LastIndex(name, " (")
	if at <= 0 || !strings.HasSuffix(name, ")") {
		return name, "", false
	}
	return strings.TrimSpace(name[:at]), name[at+2 : len(name)-1], true
}
