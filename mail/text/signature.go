package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what may be the author's name and address below a greeting or an advertisement. Anything longer stays.
const (
	maxBelowGreeting = 3  // lines
	maxBelowAdvert   = 4  // lines
	maxNameLine      = 40 // characters
)

// greeting closes a mail, in German, English, French, Dutch, Italian and Spanish. A name of up to three words may follow.
var greeting = regexp.MustCompile(`(?i)^((vielen |besten )?dank[e]? (und|&) )?(` +
	`(mit |und )*((ganz |recht )?(freundlich|best|lieb|herzlich|viel|schön|nett|sonnig)(e[nmr]?|ster) )?(gr(ü|ue)(ß|ss)e?n?|gru(ß|ss))|` +
	`mfg|m\.f\.g\.|m?lg|vg|hg|hochachtungsvoll|herzlichst|bis (bald|dann|später)|` +
	`(with )?((best|kind|kindest|warm|warmest|many) )?regards|(with )?best wishes|best|cheers|take care|` +
	`(yours )?(sincerely|faithfully|truly)( yours)?|` +
	`((bien|très) )?cordialement|bien à (vous|toi)|amicalement|bises|((mes|nos) )?((meilleures|sincères) )?salutations( distinguées)?|` +
	`(met )?((vriendelijke|hartelijke|beste) )?groet(en|jes)?|mvg|liefs|` +
	`(un )?((cordiali|distinti|cari|caro|tanti) )?salut[io]|cordialmente|un abbraccio|` +
	`(un )?((cordial|atento) )?saludos?( cordial(es)?)?|atentamente|un abrazo` +
	`)` + named)

// thanks close a mail only if nothing but a name follows.
var thanks = regexp.MustCompile(`(?i)^(danke( schön)?|(vielen|besten) dank|(many )?thanks|` +
	`thank you|merci( beaucoup)?|bedankt|dank u?|grazie|(muchas )?gracias)` + named)

// named is what may follow in the same line: one word, or up to three with capitals. "Best exit: zoo" is no greeting.
const named = `( aus( der| dem)? \S+)?[\s,.;:!-]*([\s,](von |euer |eure |dein |deine |your )?` +
	`([\pL.'’-]+|(?-i:` + nameWord + `)( (?-i:` + nameWord + `)){1,2}))?[,.!]?$`

var (
	postscript = regexp.MustCompile(`(?i)^p\.? ?p?\.?s\b`)
	aName      = regexp.MustCompile(`^` + nameWord + `([ ,]+` + nameWord + `){0,3}[,.]?$`)
)

const nameWord = `(\p{Lu}[\pL.'’-]*|von|van|vom|zu|de|der|den|di|da|la)`

// isName says whether a line may be a person's name: up to four words that begin with capitals.
func isName(line string) bool {
	return aName.MatchString(line) && utf8.RuneCountInString(line) <= maxNameLine
}

// withoutName cuts the author's name off the end of what stands between two quotations: all below an advertisement of the
// mail program, which is in front of line advert or nowhere (-1), and a greeting with what is below. A postscript stays.
func withoutName(lines []string, advert int) []string {
	if advert >= 0 && isNameBlock(lines[advert:], maxBelowAdvert, next(lines[:advert]) == "") {
		lines = lines[:advert]
	}
	end := len(lines)
	for i := end - 1; i >= 0 && len(filled(lines[i:])) <= maxBelowGreeting+2; i-- {
		if postscript.MatchString(strings.TrimSpace(lines[i])) {
			end = i
		}
	}
	begin := -1
	for i := end - 1; i >= 0 && len(filled(lines[i+1:end])) <= maxBelowGreeting; i-- {
		if closes(lines[i:end], next(lines[:i]) == "") {
			begin = i
		}
	}
	if begin < 0 {
		return lines
	}
	return append(lines[:begin:begin], lines[end:]...)
}

// closes says whether lines begin with a greeting, and the rest may be the author's name.
func closes(lines []string, alone bool) bool {
	line := strings.TrimSpace(lines[0])
	if utf8.RuneCountInString(line) > maxNameLine {
		return false
	}
	if thanks.MatchString(line) {
		return isNameBlock(lines[1:], maxBelowGreeting, true)
	}
	return greeting.MatchString(line) && isNameBlock(lines[1:], maxBelowGreeting, alone)
}

// isNameBlock says whether lines may be a name and an address, no sentence. Strictly, they are names only: so it must be
// where nothing else stands in the mail, which may be the report.
func isNameBlock(lines []string, limit int, strictly bool) bool {
	lines = filled(lines)
	if len(lines) > limit {
		return false
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) > maxNameLine || isSentence(line) || strictly && !isName(line) && !greeting.MatchString(line) {
			return false
		}
	}
	return true
}

// isSentence tells five words, or three that begin with a small letter, from a name or an address.
func isSentence(line string) bool {
	words := 0
	for word := range strings.FieldsSeq(line) {
		if strings.IndexFunc(word, unicode.IsLetter) >= 0 {
			words++
		}
	}
	first, _ := utf8.DecodeRuneInString(line)
	return words >= 5 || words >= 3 && unicode.IsLower(first) && !strings.HasPrefix(line, "i.") && !greeting.MatchString(line)
}

// filled are the lines that are not blank.
func filled(lines []string) []string {
	var out []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
