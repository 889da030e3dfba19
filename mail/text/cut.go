package text

import (
	"regexp"
	"slices"
	"strings"

	"linienfunk/report"
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
	{"picture", picture},
	{"reply separator", replySeparator},
	{"header block", headerBlock},
	{"attribution line", attributionLine},
	{"warning of a firm", firmsWarning},
	{"advertisement", advertisement},
}

const quotedLineName = "quoted line"

// blockRules cut what closes an answer: they see all lines between two quotations. They are tried in this order, each on what the one
// before has left, again until none cuts any more.
var blockRules = []struct {
	name string

	// apply returns the lines that stay.
	apply func(answer) []string

	// doubtful says that what the rule takes for a name may be the report, where nothing else is in the mail.
	doubtful bool
}{
	{"name below an advertisement", withoutNameBelowAdvert, true},
	{"disclaimer", withoutDisclaimer, false},
	{"list footer", withoutListFooter, false},
	{"closing", withoutClosing, false},
	{"contact", withoutContact, false},
	{"rule above a signature", withoutRule, true},
	{"name at the end", withoutName, true},
}

// answer is the text between two quotations.
type answer struct {
	lines  []string
	advert int      // index of the line above which an advertisement was cut, or -1
	above  bool     // another answer is above
	author []string // the names and the parts of the address of who wrote the mail, in lower case
	kinds  map[string]contact
}

// Cut returns the author's own text of a mail's body, without quotations, signature, or a name below a closing such as "Best regards".
// It also returns the names of the rules that have cut something, each once, in alphabetical order.
func Cut(body string) (kept string, applied []string) { return envelope{}.cut(body) }

// envelope is what a mail's header tells about its body.
type envelope struct {
	author []string // the words of the author's name and address, in lower case
	own    []string // the addresses that the mail was sent to, in lower case
}

func (e envelope) cut(body string) (kept string, applied []string) {
	c := e.newCutter(body)
	c.names = true
	return c.cut()
}

// cutKeepingNames is cut, but leaves what may be a name: in a mail of two words that may be the report, such as "Kontrolle Zoo".
func (e envelope) cutKeepingNames(body string) (kept string, applied []string) {
	return e.newCutter(body).cut()
}

// cutter cuts one body.
type cutter struct {
	cursor
	names  bool     // whether doubtful names are cut, too
	author []string // the words of the author's name and address, in lower case

	kept    []string
	size    int      // bytes that were kept
	count   int      // lines that were kept
	markers int      // lines that rules have recognised
	answer  []string // what was kept since the last quotation
	advert  int      // index in answer of the line above which an advertisement was cut, or -1
	applied map[string]bool
}

func (e envelope) newCutter(body string) *cutter {
	body = plainSpaces.Replace(body)
	body = withoutPGPArmor(body)
	if len(body) > maxBody {
		body = strings.ToValidUTF8(body[:maxBody], "")
	}
	lines := strings.Split(body, "\n")
	return &cutter{cursor: cursor{lines: lines, found: make([]trait, len(lines)), fields: make([]lineField, len(lines)), own: e.own}, author: e.author, advert: -1, applied: map[string]bool{}}
}

// plainSpaces makes all line breaks and spaces of a kind, and removes marks of the direction of writing and spaces without a width.
var plainSpaces = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n", "\u00a0", " ", "\u202f", " ", "\u2007", " ", "\u3000", " ",
	"\u200b", "", "\u200e", "", "\u200f", "", "\u202a", "", "\u202b", "", "\u202c", "", "\u2060", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "", "\ufeff", "")

var manyBlankLines = regexp.MustCompile(`\n{3,}`)

func (c *cutter) cut() (kept string, applied []string) {
	for c.at < len(c.lines) && c.size <= report.MaxText && c.count < maxLines && c.markers < maxMarkers {
		if c.line() == "" {
			c.keep()
			c.quoted = false
			c.at++
			continue
		}
		c.partInline()
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
			if c.advert < 0 {
				c.advert = len(c.answer)
			}
			c.above = true
		}
		if action != keep && action != cutQuotation {
			c.markers++
		}
		c.attributed, c.quoted = action == cutAttribution, action == cutQuotation
		c.at += n
	}
	c.endAnswer()
	for name := range c.applied {
		applied = append(applied, name)
	}
	slices.Sort(applied)
	return strings.TrimSpace(manyBlankLines.ReplaceAllString(strings.Join(c.kept, "\n"), "\n\n")), applied
}

// partInline keeps what is in front of a marker in the cursor's line, so that the line begins with the marker.
func (c *cutter) partInline() {
	if n, _ := quotedLine(c.cursor); n > 0 {
		return
	}
	own, marker := c.inlineQuotation()
	if own == "" {
		return
	}
	c.change(own)
	c.keep()
	c.change(marker)
}

// change makes the cursor's line another one.
func (c cursor) change(line string) {
	c.lines[c.at], c.found[c.at], c.fields[c.at] = line, 0, lineField{}
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
		c.add(line)
	case line != "":
		whole := strings.TrimRight(c.lines[c.at], " \t")
		kept := withoutInlineAttribution(whole)
		if kept != whole {
			c.applied["inline attribution"] = true
		}
		c.add(kept)
	case len(c.answer) == 0 || c.answer[len(c.answer)-1] != "":
		c.answer = append(c.answer, "")
	}
}

func (c *cutter) add(line string) {
	c.answer = append(c.answer, line)
	c.size += len(line)
	c.count++
	c.above = true
}

// endAnswer keeps the text since the last quotation.
func (c *cutter) endAnswer() {
	if len(c.answer) == 0 {
		c.advert = -1
		return
	}
	c.cutEnd()
	c.kept = append(c.kept, c.answer...)
	c.answer, c.advert = nil, -1
}

// maxEnds is how often blockRules are applied: a signature may be below a closing below a rule.
const maxEnds = 4

func (c *cutter) cutEnd() {
	above, kinds := firstFilled(c.kept) != "", map[string]contact{}
	for range maxEnds {
		before := len(c.answer)
		for _, r := range blockRules {
			if r.doubtful && !c.names {
				continue
			}
			lines := len(c.answer)
			if c.answer = r.apply(answer{c.answer, c.advert, above, c.author, kinds}); len(c.answer) < lines {
				c.applied[r.name] = true
				c.advert = min(c.advert, len(c.answer))
			}
		}
		if len(c.answer) == before {
			return
		}
	}
}
