package text

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what may be the author's name and address below a closing or an advertisement, where no number or address shows that it is.
const (
	maxBelowClosing = 6  // lines
	maxBelowAdvert  = 4  // lines
	maxNameLine     = 40 // characters
	maxClosingLine  = 60 // characters
)

// signatureSeparator recognises the line of RFC 3676, section 4.3, also when its space has been lost, and the beginning of a signature or a key of OpenPGP.
func signatureSeparator(c cursor) (int, action) {
	if line := strings.TrimRight(c.lines[c.at], "\r"); line == "-- " || line == "--" || strings.HasPrefix(line, "-----BEGIN PGP ") {
		return 1, cutRest
	}
	return 0, keep
}

// withoutRule cuts a line of dashes or the like at the end, and what is below it if that is a signature.
func withoutRule(a answer) []string {
	last := a.last()
	if last <= 0 || firstFilled(a.lines[:last]) == "" {
		return a.lines
	}
	for i := last; i > 0 && last-i <= maxBelowClosing+2; i-- {
		line := strings.TrimSpace(a.lines[i])
		if !isRule(line, 2) || firstFilled(a.lines[:i]) == "" && !a.above {
			continue
		}
		if below := filled(a.lines[i+1:]); len(below) == 0 || a.isSignedBelowRule(below) || isRule(line, minRule) && link.MatchString(strings.Join(below, " ")) {
			return a.lines[:i]
		}
		return a.lines
	}
	return a.lines
}

// minRule is the length of a rule above an advertisement with a link. People draw shorter ones.
const minRule = 20

// isSignedBelowRule reports whether lines below a rule are a name: the author's, or of two words and more, with roles and the like.
func (a answer) isSignedBelowRule(below []string) bool {
	if a.isSignature(below, false) {
		return true
	}
	if !a.isAuthor(below[0]) && (!isName(below[0]) || isStop(below[0]) || len(strings.Fields(below[0])) < 2) {
		return false
	}
	for _, line := range below[1:] {
		if !isRole(line) && a.contact(line) == noContact {
			return false
		}
	}
	return true
}

// dashed is a name behind a dash. In small letters it has no space in front, or it may be an item of a list.
var dashed = regexp.MustCompile(`^(?:[-‐–—~/*]{1,3} ?` + nameWord + `(?: ` + nameWord + `){0,2}|[-–—/~]{1,2}\p{Ll}{2,12}|— ?[\pL.'’-]+)[.,!]?$`)

// yours is a name behind a word for "your".
var yours = regexp.MustCompile(`^(?i:deine?|euer|eure)(?: \p{Lu}[\pL.'’-]*){1,2}[^\pL\d:]*$`)

// titled is a name of two words or three, and behind a bar or a dot what that person does.
var titled = regexp.MustCompile(`^\p{Lu}[\pL.'’-]+(?: \p{Lu}[\pL.'’-]*){1,2} ?[|·•] ?\p{Lu}[^\d]{2,80}$`)

// withoutName cuts the author's name in the last line: any name behind a dash, and alone if From has it.
func withoutName(a answer) []string {
	last := a.last()
	if last < 0 || last == a.first() && !a.above {
		return a.lines
	}
	if i := a.signedWithWholeName(); i > 0 {
		for _, line := range a.lines[i+1:] {
			if line = strings.TrimSpace(line); a.contact(line) == noContact && (stop.MatchString(line) || isSentence(line)) {
				return append(a.lines[:i:i], a.lines[i+1:]...)
			}
		}
		return a.lines[:i]
	}
	line := strings.TrimSpace(a.lines[last])
	if a.isAuthor(line) || yours.MatchString(line) && !isStop(line) && last > a.first() || titled.MatchString(line) && !isStop(line) && last > a.first() {
		return a.lines[:last]
	}
	if !dashed.MatchString(line) || isStop(line) || last == a.first() {
		return a.lines
	}
	if above := strings.TrimSpace(a.lines[last-1]); isItem(above) || above == "" && last > 1 && isItem(strings.TrimSpace(a.lines[last-2])) || strings.HasSuffix(firstAbove(a.lines[:last]), ":") {
		return a.lines // of a list
	}
	return a.lines[:last]
}

// signedWithWholeName returns which line begins a paragraph below the first with nothing but the author's whole name, and titles, or -1.
func (a answer) signedWithWholeName() int {
	for i := max(1, len(a.lines)-maxSignature); i < len(a.lines); i++ {
		if strings.TrimSpace(a.lines[i]) != "" && strings.TrimSpace(a.lines[i-1]) == "" && i > a.first() && a.isWholeName(a.lines[i]) {
			return i
		}
	}
	return -1
}

// isWholeName reports whether a line has two words of the author's name, and besides only titles.
func (a answer) isWholeName(line string) bool {
	if utf8.RuneCountInString(line) > maxClosingLine {
		return false
	}
	var found []string
	for _, word := range nameWords(line) {
		switch {
		case slices.Contains(a.author, word):
			if !slices.Contains(found, word) {
				found = append(found, word)
			}
		case utf8.RuneCountInString(word) > maxTitle:
			return false
		}
	}
	return len(found) > 1 && !stop.MatchString(line)
}

// maxTitle is the length of a title or a degree: Prof, Dipl, Ing, Mag, i. A.
const maxTitle = 4

func isItem(line string) bool {
	return strings.HasPrefix(line, "-") || strings.HasPrefix(line, "–") || strings.HasPrefix(line, "*") || strings.HasPrefix(line, "•")
}

// firstAbove returns the last line that is not blank.
func firstAbove(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(lines[i]); line != "" {
			return line
		}
	}
	return ""
}
