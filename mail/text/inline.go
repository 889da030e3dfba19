package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// inlineQuotation parts a line in which an attribution, a separator or a header follows the author's own words: some programs leave out the line break. It
// returns nothing if the whole line is either.
func (c cursor) inlineQuotation() (own, marker string) {
	line := c.line()
	if len(line) > maxMarker {
		line = strings.ToValidUTF8(line[:maxMarker], "")
	}
	if strings.Contains(line, "---") {
		if at := inlineSeparator.FindStringIndex(line); at != nil {
			if own = trimDashes(line[:at[0]]); own != "" {
				return own, line[at[0]:]
			}
		}
	}
	if at := inlineHeader(line); at > 0 {
		return trimDashes(line[:at]), line[at:]
	}
	return c.inlineAttribution(line)
}

func trimDashes(own string) string { return strings.TrimRight(own, " \t-‐–—_*") }

func (c cursor) inlineAttribution(line string) (own, marker string) {
	if len(c.line()) <= maxMarker && (!c.traits(c.at).has(dated) || !c.namesSomeone()) {
		return "", ""
	}
	at := findDate(line)
	if at == nil {
		return "", ""
	}
	own = line[:at[0]]
	own = trimDashes(own[:len(own)-len(leadIn.FindString(own))])
	if own == "" || isMarked(own) || traitsOf(own).hasAny(addressed|writes) || isLeadIn(own, c.above) {
		return "", ""
	}
	marker = strings.TrimLeft(line[len(own):], " \t-‐–—_*")
	joined := marker
	for n := 1; n <= maxAttribution; n++ {
		if n == 1 || c.traits(c.at+n-1).hasAny(endsColon|endsWrites) {
			if joined, ok := endAttribution(joined); ok && hasName(joined) {
				if n == 1 {
					marker = joined
				}
				return own, marker
			}
		}
		if c.at+n >= len(c.lines) || len(joined) > 2*maxMarker || c.lines[c.at+n] == "" || isMarked(strings.TrimSpace(c.lines[c.at+n])) {
			break
		}
		joined += " " + strings.TrimSpace(c.lines[c.at+n])
	}
	return "", ""
}

// namesSomeone reports whether there is an address or a word for writing in the cursor's line or those below into which an attribution may be broken.
func (c cursor) namesSomeone() bool {
	for i := c.at; i < min(len(c.lines), c.at+maxAttribution) && c.lines[i] != ""; i++ {
		if c.traits(i).hasAny(addressed | writes) {
			return true
		}
	}
	return false
}

// endAttribution cuts what follows the colon of an attribution in the same line, and reports whether it is one.
func endAttribution(text string) (string, bool) {
	if t := traitsOf(text); t.hasAny(addressed|writes) && t.hasAny(endsColon|endsWrites) && attributes(t, text) {
		return text, true
	}
	for at, r := range text {
		if r == ':' && at+1 < len(text) && (text[at+1] == ' ' || text[at+1] == '>') {
			if begin := text[:at+1]; strings.Contains(begin, "@") || writesOrNot.MatchString(begin) {
				return begin, attributes(traitsOf(begin), begin)
			}
		}
	}
	return text, false
}

// isLeadIn reports whether words in front of a date are no report, but a preposition or a weekday in a language that leadIn does not know.
func isLeadIn(own string, above bool) bool {
	words := strings.Fields(own)
	for _, word := range words {
		if strings.ContainsFunc(word, unicode.IsDigit) {
			return false
		}
	}
	return len(words) == 1 && utf8.RuneCountInString(own) <= 4 || above && len(words) <= 2 || above && len(words) == 3 && strings.HasSuffix(own, ",")
}
