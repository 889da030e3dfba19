package text

import (
	"regexp"
	"slices"
	"strings"
)

// rule recognises lines that the author of a mail did not write. To add one, write its function, name it in rules, and add a mail to
// testdata/mails that needs it.
type rule struct {
	name string

	// match counts the lines from the cursor on that the rule recognises, 0 if it does not apply, and says what to do with them.
	match func(cursor) (int, action)
}

// rules are tried in this order at each line; the first that applies wins. A line longer than maxMarker is only tried with quotedLine.
var rules = []rule{
	{quotedLineName, quotedLine},
	{"signature separator", signatureSeparator},
	{"reply separator", replySeparator},
	{"header block", headerBlock},
	{"attribution line", attributionLine},
	{"advertisement", advertisement},
}

const quotedLineName = "quoted line"

// blockRules cut what closes an answer: they see all lines between two quotations. They are tried in this order, each on what the one
// before has left.
var blockRules = []struct {
	name string

	// apply returns the lines that stay. advert is the index of the line above which an advertisement was cut, or -1.
	apply func(lines []string, advert int) []string
}{
	{"name below an advertisement", withoutNameBelowAdvert},
	{"closing", withoutClosing},
}

// Cut returns the author's own text of a mail's body, without quotations, signature, or a name below a closing such as "Best regards".
// It also returns the names of the rules that have cut something, each once, in alphabetical order.
func Cut(body string) (kept string, applied []string) {
	c := newCutter(body)
	c.names = true
	return c.cut()
}

// cutKeepingNames is Cut, but leaves what may be a name: in a mail of two words that may be the report, such as "Kontrolle Zoo".
func cutKeepingNames(body string) (kept string, applied []string) { return newCutter(body).cut() }

// cutter cuts one body.
type cutter struct {
	cursor
	names bool // whether names are cut, too

	kept    []string
	answer  []string // what was kept since the last quotation
	advert  int      // index in answer of the line above which an advertisement was cut, or -1
	applied map[string]bool
}

func newCutter(body string) *cutter {
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u202f", " ").Replace(body)
	body = withoutPGPArmor(body)
	if len(body) > maxBody {
		body = strings.ToValidUTF8(body[:maxBody], "")
	}
	return &cutter{cursor: cursor{lines: strings.Split(body, "\n")}, advert: -1, applied: map[string]bool{}}
}

var manyBlankLines = regexp.MustCompile(`\n{3,}`)

func (c *cutter) cut() (kept string, applied []string) {
	for c.at < len(c.lines) {
		n, action := c.match()
		if action == cutRest {
			break
		}
		switch action {
		case keep:
			c.keep()
		case cutQuotation, cutAttribution:
			c.endAnswer()
		case cutAdvert:
			c.advert = len(c.answer)
		}
		c.attributed = action == cutAttribution || action != cutQuotation && c.attributed && c.line() == ""
		c.at += n
	}
	c.endAnswer()
	for name := range c.applied {
		applied = append(applied, name)
	}
	slices.Sort(applied)
	return strings.TrimSpace(manyBlankLines.ReplaceAllString(strings.Join(c.kept, "\n"), "\n\n")), applied
}

// match tries the rules at the cursor.
func (c *cutter) match() (n int, what action) {
	long := len(c.line()) > maxMarker
	for _, r := range rules {
		if long && r.name != quotedLineName {
			continue
		}
		if n, what := r.match(c.cursor); n > 0 {
			c.applied[r.name] = true
			return n, what
		}
	}
	return 1, keep
}

// keep keeps the line at the cursor. Of blank lines it keeps one: a mail may have very many.
func (c *cutter) keep() {
	switch line := c.line(); {
	case len(line) > maxMarker:
		c.answer = append(c.answer, line)
	case line != "":
		whole := strings.TrimRight(c.lines[c.at], " \t")
		kept := withoutInlineAttribution(whole)
		if kept != whole {
			c.applied["inline attribution"] = true
		}
		c.answer = append(c.answer, kept)
	case len(c.answer) == 0 || c.answer[len(c.answer)-1] != "":
		c.answer = append(c.answer, "")
	}
}

// endAnswer keeps the text since the last quotation.
func (c *cutter) endAnswer() {
	if c.names {
		for _, r := range blockRules {
			before := len(c.answer)
			if c.answer = r.apply(c.answer, c.advert); len(c.answer) < before {
				c.applied[r.name] = true
			}
		}
	}
	c.kept = append(c.kept, c.answer...)
	c.answer, c.advert = nil, -1
}
