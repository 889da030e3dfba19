package text

import (
	"regexp"
	"strings"
)

// Words of attribution lines: those that mail programs put above a quotation to say who wrote it.
const (
	writing   = `(wrote|writes|schrieb|schreibt|geschrieben|a écrit|escribió|ha scritto|schreef|skrev|pisze|napisał|escreveu)`
	anAddress = `[^<>()\[\]\s:,;"]+@[^<>()\[\]\s:,;"]+`
	aDate     = `(\d{1,2}\. ?\d{1,2}\.|\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.? (` + aMonth + `)|(` + aMonth + `)\pL*\.? \d{1,2})`
	aMonth    = `jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]`
)

// wrote is an attribution line that needs no marks on the lines below. It may be wrapped.
var wrote = regexp.MustCompile(`(?i)^(` +
	`on .{5,250} (wrote|writes)|am .{2,250} (schrieb|hat) .{0,150}|(le|il) .{5,250} (a écrit|ha scritto)|` +
	`el .{5,250} escribió|op .{5,250} schreef .{0,150}|den .{5,250} skrev .{0,150}|w dniu .{5,250} pisze|` +
	`\d{4}-\d\d-\d\d \d?\d:\d\d .{0,40} ?.{1,100}<[^<>\s]+@[^<>\s]+>|` +
	`(zitat von|quoting) .{0,150}` + anAddress + `>?|` +
	`.{1,150}<[^<>\s]+@[^<>\s]+> (schrieb|wrote|a écrit|escribió|ha scritto).{0,100}` +
	`)\s*:$|^-{2,} ?(on|am) .{5,250} ` + writing + `\b.{0,150}-{2,}$`)

var wroteBegins = regexp.MustCompile(`(?i)^(on|am|le|il|el|op|den|w dniu|-{2,} ?(on|am)) .*\d|<[^<>\s]+@|^\d{4}-\d\d-\d\d |^(zitat von|quoting) `)

// wroteOn is the same with the name in front. It is not looked for in wrapped lines: what would be joined to it may be the report.
var wroteOn = regexp.MustCompile(`(?i)^(.{2,150} ` + writing + ` (am|on|le|el|il|op|den) .{0,20}` + aDate + `.{0,60}|` +
	`.{2,150} hat am .{0,20}` + aDate + `.{0,60} geschrieben|` +
	`\* .{1,100} \[\d{4}-\d\d-\d\d.{0,20}\])\s*:$`)

// attributionLine recognises the lines that say who wrote the quotation below. If that has no marks, it is all that follows.
func attributionLine(c cursor) (int, action) {
	n := unmarkedAttribution(c.rest())
	if n > 0 && !strings.HasPrefix(firstFilled(c.lines[c.at+n:]), ">") {
		return n, cutRest
	}
	return max(n, markedAttribution(c.rest())), cutAttribution
}

// unmarkedAttribution counts the lines, up to four, that are an attribution line whatever follows.
func unmarkedAttribution(lines []string) int {
	first := strings.TrimSpace(lines[0])
	if wroteOn.MatchString(first) {
		return 1
	}
	if !wroteBegins.MatchString(first) {
		return 0
	}
	joined := ""
	for n := 1; n <= min(len(lines), 4); n++ {
		line := strings.TrimSpace(lines[n-1])
		if line == "" || len(joined)+len(line) > 2*maxMarker {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		if strings.HasSuffix(joined, ":") || strings.HasSuffix(joined, "--") {
			if wrote.MatchString(joined) {
				return n
			}
			return 0
		}
	}
	return 0
}

var (
	writes      = regexp.MustCompile(`(?i)(^|\PL)` + writing + `(\PL|$)`)
	dated       = regexp.MustCompile(`(?i)` + aDate)
	addressed   = regexp.MustCompile(anAddress)
	inParens    = regexp.MustCompile(`[<(\[]` + anAddress + `[>)\]]`)
	noName      = regexp.MustCompile(`(?i)` + anAddress + `|` + aDate + `|` + writing + `|\b(am|um|on|at|uhr|pm)\b`)
	anyLetter   = regexp.MustCompile(`\pL`)
	nameInFront = regexp.MustCompile(`^(\p{Lu}[\pL.'’-]* ){1,3}` + writing + `\s?: +`)
	noPerson    = regexp.MustCompile(`(?i)^(der|die|das|ein|eine|the|an?|le|la|el|il|de|het|somebody|someone|jemand|am|an|on|at)\s`)
)

// markedAttribution counts the lines, one or two, right above a quotation with marks that are an attribution line in words
// that nobody listed: a line that ends in a colon and holds an address, a word for writing or a date, or any line with
// an address in brackets. A date alone does not attribute ">3 inspectors", which may be no quotation.
func markedAttribution(lines []string) int {
	for n := min(2, len(lines)); n > 0; n-- {
		last := strings.TrimSpace(lines[n-1])
		if len(last) > maxMarker || strings.HasPrefix(last, ">") || n == 2 && !wrapped(strings.TrimSpace(lines[0]), last) {
			continue
		}
		colon, someone := strings.HasSuffix(last, ":"), addressed.MatchString(last) || writes.MatchString(last)
		if !(colon && (someone || dated.MatchString(last))) && !inParens.MatchString(last) {
			continue
		}
		below := firstFilled(lines[n:])
		if strings.HasPrefix(below, ">") && (someone || !moreThan.MatchString(below)) || below == "" && colon && someone {
			return n
		}
	}
	return 0
}

// wrapped reports whether an attribution line was broken in two: the second line has no name, and the first may be one.
func wrapped(first, last string) bool {
	if first == "" || len(first) > maxMarker || anyLetter.MatchString(noName.ReplaceAllString(last, "")) {
		return false
	}
	return isName(first) || dated.MatchString(first) || writes.MatchString(first) || addressed.MatchString(first)
}

// withoutInlineAttribution cuts the name off "Marta wrote: inspectors at the zoo", but nothing off "The company wrote: ".
func withoutInlineAttribution(line string) string {
	if noPerson.MatchString(line) {
		return line
	}
	return line[len(nameInFront.FindString(line)):]
}
