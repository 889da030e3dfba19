package text

import "strings"

// Limits of the lines that are checked.
const (
	maxMarker = 400       // bytes of a line that may be a marker of a mail program; longer ones are text
	maxBody   = 128 << 10 // bytes of a body that is cut; what is kept ends at report.MaxText

	// maxLines is how many lines of a body are kept.
	maxLines = 1000

	// maxMarkers is how many attributions, advertisements and the like a body may have. A report with more of them is none.
	maxMarkers = 200
)

// action is what is done with the lines that a rule has recognised.
type action int

const (
	keep           action = iota
	cutQuotation          // cut the lines; an answer may follow below them
	cutAttribution        // the same, and what follows is a quotation
	cutAdvert             // cut the line; the author's name may follow
	cutLine               // cut the line
	cutRest               // cut the line and everything below it
)

// cursor is a line of a body, with the lines above and below.
type cursor struct {
	lines []string
	at    int

	// attributed says that the last non-blank line above was an attribution line: what follows is quoted, even if it looks like "more
	// than three".
	attributed bool

	quoted bool // the line right above was quoted

	above  bool        // something of the author's is above, or an advertisement
	found  []trait     // of each line, see traits
	fields []lineField // of each line, see field
	own    []string    // the addresses that the mail was sent to, in lower case
}

// next is the next line below that is not blank, and false if there is none.
func (c cursor) next() (cursor, bool) {
	for c.at++; c.at < len(c.lines); c.at++ {
		if c.line() != "" {
			return c, true
		}
	}
	return c, false
}

// line is the cursor's line without surrounding spaces.
func (c cursor) line() string { return strings.TrimSpace(c.lines[c.at]) }

// rest is the cursor's line and all below it.
func (c cursor) rest() []string { return c.lines[c.at:] }

// firstFilled returns the first line that is not blank, or nothing.
func firstFilled(lines []string) string {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// filled returns the lines that are not blank, without surrounding spaces.
func filled(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
