package text

import (
	"regexp"
	"strings"
)

// trait is what a line has in common with those that mail programs put around quotations. Most of them are the same in every language.
type trait uint16

const (
	known      trait = 1 << iota // the traits of the line have been found
	dated                        // a day and its month
	withYear                     // and its year
	timed                        // a time of day
	addressed                    // a mail address
	inBracket                    // a mail address in brackets, or what is left of it by a line break
	writes                       // a word for writing
	endsColon                    // a colon at the end
	endsWrites                   // a word for writing at the end
	endsPerson                   // a closing bracket behind an address at the end
)

func (t trait) has(all trait) bool   { return t&all == all }
func (t trait) hasAny(of trait) bool { return t&of != 0 }

const (
	anAddress = `[^<>()\[\]\s:,;"]+@[^<>()\[\]\s:,;"]+`

	aYear = `(?:19|20)\d\d`
	aTime = `\b\d{1,2}(?:[:.h]|：)\d\d`

	// writing is a word by which programs say that somebody wrote. The scripts without spaces have no bounds of words.
	writing = `(?:wrote|writes|sent ?:|schrieb|schreibt|geschrieben|a écrit|écrit|escribió|escribi[oó]|va escriure|escribiu|ha scritto|scrive|` +
		`schreef|geschreven|schreven|skrev|skriver|` +
		`pisze|napisała?|napisał\(a\)|napsala?|napsal\(a\)|napísala?|napísal\(a\)|escreveu|kirjoitti|kirjutas|írta|a scris|rašė|rakstīja|yazdı|` +
		`şunu yazdı|пишет|писала?|написала?|` +
		`написав|пише|έγραψε|đã viết|je napisao|napisao|je pisal|menulis|כתב|כתבה|كتب|كتبت)`
	writingUnbound = `(?:写道|寫道|写入|のメール|書きました|のメッセージ|님이 작성|작성:)`
)

var (
	yearOrNot   = regexp.MustCompile(`\b` + aYear + `(?:\D|$)`)
	timeOrNot   = regexp.MustCompile(aTime)
	address     = regexp.MustCompile(anAddress)
	bracket     = regexp.MustCompile(`[<(\[](?:mailto:)?[^\s<>()\[\]]*@|@[^\s<>()\[\]]*[>)\]]`)
	writesOrNot = compile(`(?i)(?:^|[^\pL])` + writing + `(?:[^\pL]|$)|` + writingUnbound)
	writesLast  = compile(`(?i)(?:(?:^|[^\pL])` + writing + `|` + writingUnbound + `)[\s*_-]*$`)
	personLast  = regexp.MustCompile(`@[^\s<>()\[\]]*[>)\]]+"?$`)
)

// traitsOf finds the traits of a text without line breaks.
func traitsOf(line string) trait {
	t := known
	line = strings.TrimRight(line, " \t*_")
	if strings.ContainsAny(line, "0123456789") {
		if findDate(line) != nil {
			t |= dated
			if yearOrNot.MatchString(line) {
				t |= withYear
			}
		}
		if timeOrNot.MatchString(line) {
			t |= timed
		}
	}
	if strings.Contains(line, "@") {
		if bracket.MatchString(line) {
			t |= inBracket | addressed
			if personLast.MatchString(line) {
				t |= endsPerson
			}
		} else if address.MatchString(line) {
			t |= addressed
		}
	}
	if strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：") {
		t |= endsColon
	}
	if writesOrNot.MatchString(line) {
		t |= writes
		if writesLast.MatchString(line) {
			t |= endsWrites
		}
	}
	return t
}

// traits returns those of a line, which are found once. A line that is too long to be a marker has none.
func (c cursor) traits(i int) trait {
	if len(c.lines[i]) > maxMarker {
		return known
	}
	if c.found[i] == 0 {
		c.found[i] = traitsOf(c.lines[i])
	}
	return c.found[i]
}
