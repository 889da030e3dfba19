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

	// aMonth is the beginning of a month's name or its abbreviation in the languages of Europe.
	aMonth = `(?:jan|ene|gen|led|янв|січ|oca|feb|fev|fév|lut|úno|фев|лют|şub|m[aä]r|mrz|mrt|bře|мар|бер|apr|avr|abr|kwi|dub|апр|кві|nis|ma[iyj]|mei|mag|kvě|мая|тра|` +
		`jun|juin|giu|cze|čer|июн|чер|haz|jul|juil|lug|lip|июл|tem|aug|ago|ao[uû]|sie|srp|авг|сер|ağu|sep|set|wrz|zář|сен|вер|eyl|o[ck]t|out|ott|paź|říj|окт|жов|eki|` +
		`nov|lis|ноя|kas|de[czs]|dic|déc|gru|pro|дек|гру|ara)`
	aYear = `(?:19|20)\d\d`

	// aDate is a day: in digits, with a month in words, or of any words beside a year. Its year may be on the next line.
	aDate = `(?:\b\d{1,2}(?:\. ?|/|-)\d{1,2}(?:\. ?|/|-)(?:\d{4}|\d\d)\b|\b\d{1,2}\. ?\d{1,2}\.|\b\d{4}[./-] ?\d{1,2}[./-] ?\d{1,2}\b|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]|` +
		`\b\d{1,2}(?:\.|st|nd|rd|th|er|º)?[ -](?:de |of )?` + aMonth + `\pL*\.?(?:,? (?:de )?` + aYear + `|-\d\d(?:\d\d)?\b)?|` +
		`\b` + aMonth + `\pL*\.?[ -]\d{1,2}\b(?:st|nd|rd|th)?(?:,? ` + aYear + `)?|` +
		`\b\d{1,2}\.? \pL{3,12}\.?,? ` + aYear + `\b|\b` + aYear + `\.? \pL{3,12}\.? \d{1,2}\b|\b\d{1,2} \pL+ \d{1,2},? ` + aYear + `)`
	aTime = `\b\d{1,2}(?:[:.h]|：)\d\d`

	// writing is a word by which programs say that somebody wrote. The scripts without spaces have no bounds of words.
	writing = `(?:wrote|writes|sent ?:|schrieb|schreibt|geschrieben|a écrit|écrit|escribió|escribi[oó]|va escriure|escribiu|ha scritto|scrive|schreef|geschreven|schreven|skrev|skriver|` +
		`pisze|napisała?|napisał\(a\)|napsala?|napsal\(a\)|napísala?|napísal\(a\)|escreveu|kirjoitti|kirjutas|írta|a scris|rašė|rakstīja|yazdı|şunu yazdı|пишет|писала?|написала?|` +
		`написав|пише|έγραψε|đã viết|je napisao|napisao|je pisal|menulis|כתב|כתבה|كتب|كتبت)`
	writingUnbound = `(?:写道|寫道|写入|のメール|書きました|のメッセージ|님이 작성|작성:)`
)

var (
	dateOrNot   = regexp.MustCompile(`(?i)` + aDate)
	yearOrNot   = regexp.MustCompile(`\b` + aYear + `(?:\D|$)`)
	timeOrNot   = regexp.MustCompile(aTime)
	address     = regexp.MustCompile(anAddress)
	bracket     = regexp.MustCompile(`[<(\[](?:mailto:)?[^\s<>()\[\]]*@|@[^\s<>()\[\]]*[>)\]]`)
	writesOrNot = regexp.MustCompile(`(?i)(?:^|[^\pL])` + writing + `(?:[^\pL]|$)|` + writingUnbound)
	writesLast  = regexp.MustCompile(`(?i)(?:(?:^|[^\pL])` + writing + `|` + writingUnbound + `)[\s*_-]*$`)
	personLast  = regexp.MustCompile(`@[^\s<>()\[\]]*[>)\]]+"?$`)
)

// traitsOf finds the traits of a text without line breaks.
func traitsOf(line string) trait {
	t := known
	line = strings.TrimRight(line, " \t*_")
	if strings.ContainsAny(line, "0123456789") {
		if dateOrNot.MatchString(line) {
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
