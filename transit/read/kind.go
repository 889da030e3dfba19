package read

import "strings"

// chooseKind decides what a message is about, and how sure that is.
func (g *reading) chooseKind(out *Reading) {
	var all roles
	counted := false
	for i, t := range g.tokens {
		if t.roles&inspectors != 0 && i > 0 && g.tokens[i-1].roles&negation != 0 {
			t.roles = t.roles&^inspectors | gone
		} else if t.roles&gone != 0 && g.denied(i) {
			t.roles &^= gone
		}
		all |= t.roles
		if t.roles&(inspectors|police|disruption|gone) != 0 {
			out.Words = append(out.Words, Word{t.start, t.end, ForKind})
		}
		counted = counted || t.digits && !g.used[i] && g.counts(i)
		if t.gap == glued && t.upper && len(t.text) > 2 && !g.tokens[i-1].digits && strings.ContainsRune(g.text[t.start:], '?') {
			counted = false // what is quoted without a space in front of the question
		}
	}
	out.Boarded = all&boarded != 0
	located := len(out.Lines)+len(out.Stops)+len(out.Directions)+len(out.Shapes) > 0
	switch {
	case (g.asks || len(g.tokens) > 1 && g.tokens[0].roles&question != 0) && !counted:
		out.Kind = Question
	case all&gone != 0 && (located || all&inspectors != 0):
		out.Kind = Gone
	case all&inspectors != 0:
		out.Kind = Inspectors
	case all&police != 0:
		out.Kind = Police
	case all&disruption != 0:
		out.Kind = Disruption
	case all&hint != 0 && located, counted && located, out.Alighted && located:
		out.Kind = Inspectors
	case located && len(g.tokens) <= shortReport:
		out.Kind, out.Guessed = Inspectors, true // what else would one write that for
	default:
		out.Kind = Other
	}
	for _, one := range saidKinds {
		if all&one.role != 0 && out.Kind != one.kind {
			out.Also = append(out.Also, one.kind)
		}
	}
	out.Confidence = g.confidence(out, all&(inspectors|police|disruption|gone) != 0)
}

// saidKinds are the kinds that several words of one message can stand for.
var saidKinds = []struct {
	role roles
	kind Kind
}{{inspectors, Inspectors}, {police, Police}, {disruption, Disruption}, {gone, Gone}}

// denied reports whether a word in front of the token says that it is not so: "not gone", "noch nicht ganz weg". Phrases such as "no longer" mean what they say.
func (g *reading) denied(i int) bool {
	for k := i; k > max(0, i-2) && g.tokens[k].gap < pause; k-- {
		if before := g.tokens[k-1].roles; before&(negation|not) != 0 && before&gone == 0 {
			return true
		}
	}
	return false
}

// shortReport is how many words a report has that is nothing but a place.
const shortReport = 8

// sureShape is how sure what only looks like a line is.
const sureShape = 0.6

func (g *reading) confidence(out *Reading, said bool) float64 {
	sure, n := 0.0, 0
	for _, m := range g.mentions {
		sure += min(1, m.score)
		n++
	}
	if len(g.lines) > 0 {
		sure++
		n++
	}
	if len(out.Shapes) > 0 {
		sure += sureShape
		n++
	}
	if n == 0 {
		if said {
			return 0.4
		}
		return 0.1
	}
	sure /= float64(n)
	if len(out.Open) > 0 {
		sure *= 0.7
	}
	if !said {
		sure *= 0.8
	}
	return max(0.05, min(1, sure))
}
