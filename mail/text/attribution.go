package text

import (
	"regexp"
	"strings"
	"unicode"
)

// maxAttribution is how many lines an attribution may be broken into.
const maxAttribution = 4

var (
	// leadIn is what stands in front of the date of an attribution: a preposition, a weekday, a time.
	leadIn = regexp.MustCompile(`(?i)(?:^|[\s\pP])(?:(?:on|am|auf|le|il|el|op|den|em|w dniu|dnia|dne|dňa|v|на|в|у|på|vào(?: th(?:ứ)? \d)?|pada|på|la|a|at|the|în|` +
		`ve|dana|kl|in a message dated|於|在)` +
		`(?: \pL{2,14}[.,]{0,2}(?: de[mn]| the)?)?,? ?|\pL{2,14}[.,]{1,2} ?)?(?:\d{1,2}[:.h]\d\d(?::\d\d)?\s?(?:am|pm|uhr|h)?,? )?$`)
	beginsWithLeadIn = regexp.MustCompile(`(?i)^-{0,20} ?(?:on|am|auf|le|il|el|op|den|em|w dniu|dnia|dne|dňa|på|vào|in a message dated) .*\d`)

	// cites are attributions that have neither a date nor a word for writing, and one that has its date in brackets.
	cites = regexp.MustCompile(`(?i)^(?:(?:zitat von|quoting|citando|citat|citerar|cytat|cytuję|citation de) .{0,150}` + anAddress + `>?|` +
		`\* .{1,100} \[\d{4}-\d\d-\d\d.{0,20}\])\s*:$`)
	beginsCiting = regexp.MustCompile(`(?i)^(?:zitat von|quoting|citando|citat|citerar|cytat|cytuję|citation de) `)

	// summary is the line of Notes that has the beginning of the quotation behind it.
	summary = regexp.MustCompile(`^\S.{1,80}-{2,3}\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}:\d\d(?::\d\d)?(?: [AP]M)?-{2,3}`)

	// betweenMarks is an attribution of GroupWise, whose quotation has no marks of its own.
	betweenMarks = regexp.MustCompile(`^>{3} ?[^>].{0,200}\d.{0,40} >{3}$`)

	// nameInBrackets is an attribution of the shortest kind, right above the quotation.
	nameInBrackets = regexp.MustCompile(`^\[\p{Lu}[^\]\[\d]{1,60}\]:?$`)
	inDashes       = regexp.MustCompile(`^[-‐–—]{2,} ?[^-‐–—].*[-‐–—]{2,}$`)
)

// attributes reports whether a text with these traits says who wrote what is below, whatever that is.
func attributes(t trait, text string) bool {
	ends := t.hasAny(endsColon | endsWrites)
	switch {
	case ends && t.has(dated) && (t.has(inBracket) || t.has(timed|addressed)):
		return true // in any language
	case t.has(dated|inBracket) && t.hasAny(withYear|timed) && (t.has(endsPerson) || endsInDigit(text)):
		return isRemainderAName(text)
	case t.has(dated | writes | endsColon), ends && t.has(addressed|writes):
		return true
	case t.has(writes|endsColon) && beginsWithLeadIn.MatchString(text):
		return true
	case t.has(writes) && inDashes.MatchString(strings.Trim(text, " *_")):
		return true
	}
	return t.has(endsColon) && cites.MatchString(text)
}

func endsInDigit(text string) bool {
	return text != "" && text[len(text)-1] >= '0' && text[len(text)-1] <= '9'
}

// attributionLine recognises the lines that say who wrote the quotation below. If that has no marks, it is all that follows, unless nothing is
// above: then the author's answer may be in it, and it must not be lost.
func attributionLine(c cursor) (int, action) {
	n := unmarkedAttribution(c)
	if line := c.line(); n == 0 && (strings.Contains(line, "--") && summary.MatchString(line)) {
		n = 1
	}
	if n > 0 && !isMarked(firstFilled(c.lines[c.at+n:])) {
		if c.above {
			return n, cutRest
		}
		return n, cutAttribution
	}
	return max(n, markedAttribution(c)), cutAttribution
}

// unmarkedAttribution counts the lines from the cursor on that are an attribution whatever follows.
func unmarkedAttribution(c cursor) int {
	first, all := c.line(), known
	if first == "" || isMarked(first) {
		return 0
	}
	if c.hasQuotationBehind(first) {
		return 1
	}
	joined := ""
	for n := 1; n <= maxAttribution && c.at+n <= len(c.lines); n++ {
		line := strings.TrimSpace(c.lines[c.at+n-1])
		if line == "" || isMarked(line) || len(joined)+len(line) > 2*maxMarker {
			return 0
		}
		if n == 2 && !c.mayBeWrapped() {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		t := c.traits(c.at + n - 1)
		all = all&^(endsColon|endsWrites|endsPerson) | t
		if n > 1 && t.has(endsColon) {
			all = traitsOf(joined) // a date or an address may be broken
		}
		if attributes(all, joined) && !c.continues(n, all) {
			return n
		}
		if t.has(endsColon) && n > 1 {
			return 0
		}
	}
	return 0
}

// hasQuotationBehind reports whether a line is an attribution with the quotation behind it. Without a mark it has an address in brackets, and the author's
// answer is above.
func (c cursor) hasQuotationBehind(line string) bool {
	marked := strings.Contains(line, ":>") || strings.Contains(line, ": >")
	if !marked && !(c.above && strings.Contains(line, ">") && c.traits(c.at).has(dated|inBracket|writes)) {
		return false
	}
	begin, ok := endAttribution(line)
	return ok && startsWithDate(begin) && (isMarked(strings.TrimSpace(line[len(begin):])) || c.above && traitsOf(begin).has(inBracket|writes))
}

// continues reports whether the lines are an attribution only with the next one: a word for writing or a colon is still missing.
func (c cursor) continues(n int, all trait) bool {
	next := c.at + n
	if all.hasAny(endsColon) || next >= len(c.lines) || n == maxAttribution {
		return false
	}
	line := strings.TrimSpace(c.lines[next])
	return line != "" && !isMarked(line) && c.traits(next).has(endsColon) && len(line) < 80
}

// mayBeWrapped reports whether the cursor's line may be the first of an attribution that is broken into several lines. If it is the first of
// the mail, and what follows is an attribution of its own, it may be the report.
func (c cursor) mayBeWrapped() bool {
	first, t := c.line(), c.traits(c.at)
	begins := t.hasAny(dated|inBracket|writes) && len(first) > 3 || beginsWithLeadIn.MatchString(first) || beginsCiting.MatchString(first) || strings.HasSuffix(first, "<")
	if !begins {
		return c.at+1 < len(c.lines) && c.traits(c.at+1).hasAny(addressed|writes|dated) && wrapped(first, strings.TrimSpace(c.lines[c.at+1]))
	}
	if c.above || c.at+1 >= len(c.lines) || t.hasAny(inBracket) || beginsCiting.MatchString(first) {
		return true
	}
	if startsWithDate(first) && !aLine.MatchString(remainder(first)) {
		return true
	}
	next := strings.TrimSpace(c.lines[c.at+1])
	return !(attributes(c.traits(c.at+1), next) && hasName(next))
}

// aLine is the name of a line, such as U8 or 10, which stands in a report rather than in an attribution.
var aLine = regexp.MustCompile(`(?:^|\s)\pL{0,2}\d{1,3}(?:$|[\s,.])`)

// startsWithDate reports whether a date, or what stands in front of one, begins a text.
func startsWithDate(text string) bool {
	at := findDate(text)
	return at != nil && len(leadIn.FindString(text[:at[0]])) >= at[0] || beginsWithLeadIn.MatchString(text)
}

var (
	notAName = regexp.MustCompile(`(?i)[<(\[]?(?:mailto:)?` + anAddress + `[>)\]]*|@\S+|` + aTime + `(?::\d\d)?|[+-]\d{2}:?\d{2}\b|` + writing + `|` + writingUnbound +
		`|\b(?:on|am|um|uhr|at|pm|kl|o|om|à|às|alle|ore|le|il|el|op|den|w dniu|gmt|utc|ce?s?t|mez|mesz|pst|est|from|von|via|hat|ha|a|de|от|в)\b`)
	aLetter     = regexp.MustCompile(`\pL`)
	nameInFront = regexp.MustCompile(`^(?:\p{Lu}[\pL.'’-]* ){1,3}` + writing + `\s?: +`)
	noPerson    = regexp.MustCompile(`(?i)^(der|die|das|ein|eine|the|an?|le|la|el|il|de|het|somebody|someone|jemand|am|an|on|at)\s`)
)

// remainder is what is left of an attribution without its date, its address and its words for writing.
func remainder(text string) string { return notAName.ReplaceAllString(withoutDates(text), " ") }

func hasName(text string) bool { return aLetter.MatchString(remainder(text)) }

// isRemainderAName reports whether nothing but a name is left.
func isRemainderAName(text string) bool {
	words := strings.FieldsFunc(remainder(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' && r != '\''
	})
	for _, word := range words {
		if strings.ContainsAny(word, "0123456789") && len(words) > 1 {
			return false
		}
	}
	return len(words) <= 6
}

// markedAttribution counts the lines, up to three, right above a quotation with marks that are an attribution line in words
// that nobody listed: a line that ends in a colon and holds an address, a word for writing or a date, or any line with
// an address in brackets. A date alone does not attribute ">3 inspectors", which may be no quotation.
func markedAttribution(c cursor) int {
	lines := c.rest()
	for n := min(3, len(lines)); n > 0; n-- {
		last, t := strings.TrimSpace(lines[n-1]), c.traits(c.at+n-1)
		if n == 1 && nameInBrackets.MatchString(last) && len(lines) > 1 && isMarked(strings.TrimSpace(lines[1])) {
			return 1
		}
		if last == "" || len(last) > maxMarker || isMarked(last) {
			continue
		}
		colon, someone := t.has(endsColon), t.hasAny(addressed|writes)
		if !(colon && (someone || t.has(dated))) && !t.has(inBracket) && !t.has(endsWrites) {
			continue
		}
		below := firstFilled(lines[n:])
		if !((isMarked(below) || isBar(below) && t.has(writes)) && (someone || !moreThan.MatchString(below)) || below == "" && colon && (someone || c.above && t.has(dated|withYear|timed))) {
			continue
		}
		if n == 1 || wrapped(strings.TrimSpace(lines[0]), strings.TrimSpace(strings.Join(lines[1:n], " "))) {
			return n
		}
	}
	return 0
}

// wrapped reports whether an attribution line was broken in two: the second line has no name, and the first may be one.
func wrapped(first, last string) bool {
	if first == "" || last == "" || len(first) > maxMarker || len(last) > maxMarker {
		return false
	}
	return (isName(first) || traitsOf(first).hasAny(dated|writes|addressed)) && !hasName(last)
}

// withoutInlineAttribution cuts the name off "Marta wrote: inspectors at the zoo", but nothing off "The company wrote: ".
func withoutInlineAttribution(line string) string {
	if noPerson.MatchString(line) {
		return line
	}
	return line[len(nameInFront.FindString(line)):]
}
