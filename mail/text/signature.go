package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what may be the author's name and address below a closing or an advertisement. Anything longer stays.
const (
	maxBelowClosing = 3  // lines
	maxBelowAdvert  = 4  // lines
	maxNameLine     = 40 // characters
)

// signatureSeparator recognises the line of RFC 3676, section 4.3, also when its space has been lost.
func signatureSeparator(c cursor) (int, action) {
	if line := strings.TrimRight(c.lines[c.at], "\r"); line == "-- " || line == "--" {
		return 1, cutRest
	}
	return 0, keep
}

// advert is what mail programs add below a text.
var advert = regexp.MustCompile(`(?i)^(sent from (my|mail for|outlook|yahoo|samsung|proton|the|an?) ?.{0,70}|` +
	`sent (via|with|using) .{0,70}(mail|app|iphone|android|outlook|proton|secure email)\.?.{0,40}|` +
	`get \[?outlook for .{0,100}|von mein\w* .{1,60} (gesendet|geschickt)\.?|gesendet von mein\w* .{1,70}|` +
	`gesendet von (outlook|mail|yahoo|samsung|proton)\b.{0,70}|gesendet (mit|über|via) .{1,70}|` +
	`diese nachricht wurde von mein\w* .{1,60} gesendet\.?|(holen sie sich )?outlook für .{1,100}|` +
	`please excuse my brevity\.?|bitte entschuldigen sie (die|meine) kürze\.?|` +
	`envoyé (de|depuis) .{1,60}|enviado desde .{1,60}|inviato da .{1,60}|verzonden (vanaf|met) .{1,60}|` +
	`virenfrei\.? ?.{0,60}|virus-free\.? ?.{0,60})$`)

// advertisement recognises such a line. What is below it may be the author's name, or the rest of the report.
func advertisement(c cursor) (int, action) {
	if advert.MatchString(c.line()) {
		return 1, cutAdvert
	}
	return 0, keep
}

// closing is a complimentary close in German, English, French, Dutch, Italian or Spanish. A name of up to three words may follow in the line.
var closing = regexp.MustCompile(`(?i)^((vielen |besten )?dank[e]? (und|&) )?(` +
	`(mit |und )*((ganz |recht )?(freundlich|best|lieb|herzlich|viel|schön|nett|sonnig)(e[nmr]?|ster) )?(gr(ü|ue)(ß|ss)e?n?|gru(ß|ss))|` +
	`mfg|m\.f\.g\.|m?lg|vg|hg|hochachtungsvoll|herzlichst|bis (bald|dann|später)|` +
	`(with )?((best|kind|kindest|warm|warmest|many) )?regards|(with )?best wishes|best|cheers|take care|` +
	`(yours )?(sincerely|faithfully|truly)( yours)?|` +
	`((bien|très) )?cordialement|bien à (vous|toi)|amicalement|bises|((mes|nos) )?((meilleures|sincères) )?salutations( distinguées)?|` +
	`(met )?((vriendelijke|hartelijke|beste) )?groet(en|jes)?|mvg|liefs|` +
	`(un )?((cordiali|distinti|cari|caro|tanti) )?salut[io]|cordialmente|un abbraccio|` +
	`(un )?((cordial|atento) )?saludos?( cordial(es)?)?|atentamente|un abrazo` +
	`)` + named)

// thanks are a closing only if nothing but a name follows.
var thanks = regexp.MustCompile(`(?i)^(danke( schön)?|(vielen|besten) dank|(many )?thanks|` +
	`thank you|merci( beaucoup)?|bedankt|dank u?|grazie|(muchas )?gracias)` + named)

// named is what may follow in the same line: one word, or up to three with capitals. "Best exit: zoo" is no closing.
const named = `( aus( der| dem)? \S+)?[\s,.;:!-]*([\s,](von |euer |eure |dein |deine |your )?` +
	`([\pL.'’-]+|(?-i:` + nameWord + `)( (?-i:` + nameWord + `)){1,2}))?[,.!]?$`

var (
	postscript = regexp.MustCompile(`(?i)^p\.? ?p?\.?s\b`)
	aName      = regexp.MustCompile(`^` + nameWord + `([ ,]+` + nameWord + `){0,3}[,.]?$`)
)

const nameWord = `(\p{Lu}[\pL.'’-]*|von|van|vom|zu|de|der|den|di|da|la)`

// isName reports whether a line may be a person's name: up to four words that begin with capitals.
func isName(line string) bool {
	return aName.MatchString(line) && utf8.RuneCountInString(line) <= maxNameLine
}

// withoutNameBelowAdvert cuts all lines below an advertisement if they may be the author's name and address.
func withoutNameBelowAdvert(lines []string, advert int) []string {
	if advert >= 0 && isNameBlock(lines[advert:], maxBelowAdvert, firstFilled(lines[:advert]) == "") {
		return lines[:advert]
	}
	return lines
}

// withoutClosing cuts a closing at the end and the name below it. A postscript stays.
func withoutClosing(lines []string, _ int) []string {
	end := len(lines)
	for i := end - 1; i >= 0 && len(filled(lines[i:])) <= maxBelowClosing+2; i-- {
		if postscript.MatchString(strings.TrimSpace(lines[i])) {
			end = i
		}
	}
	begin := -1
	for i := end - 1; i >= 0 && len(filled(lines[i+1:end])) <= maxBelowClosing; i-- {
		if beginsClosing(lines[i:end], firstFilled(lines[:i]) == "") {
			begin = i
		}
	}
	if begin < 0 {
		return lines
	}
	return append(lines[:begin:begin], lines[end:]...)
}

// beginsClosing reports whether the first of the lines is a closing and the others may be the author's name. alone says that nothing is above.
func beginsClosing(lines []string, alone bool) bool {
	line := strings.TrimSpace(lines[0])
	if utf8.RuneCountInString(line) > maxNameLine {
		return false
	}
	if thanks.MatchString(line) {
		return isNameBlock(lines[1:], maxBelowClosing, true)
	}
	return closing.MatchString(line) && isNameBlock(lines[1:], maxBelowClosing, alone)
}

// isNameBlock reports whether up to limit lines may be a name and an address, with no sentence among them. Strictly, they must be names only:
// where nothing else is in the mail, other lines may be the report.
func isNameBlock(lines []string, limit int, strictly bool) bool {
	lines = filled(lines)
	if len(lines) > limit {
		return false
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) > maxNameLine || isSentence(line) || strictly && !isName(line) && !closing.MatchString(line) {
			return false
		}
	}
	return true
}

// isSentence distinguishes five words, or three that begin with a small letter, from a name or an address.
func isSentence(line string) bool {
	words := 0
	for word := range strings.FieldsSeq(line) {
		if strings.IndexFunc(word, unicode.IsLetter) >= 0 {
			words++
		}
	}
	first, _ := utf8.DecodeRuneInString(line)
	return words >= 5 || words >= 3 && unicode.IsLower(first) && !strings.HasPrefix(line, "i.") && !closing.MatchString(line)
}
