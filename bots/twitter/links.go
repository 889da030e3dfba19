package twitter

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// part is a part of a text: a possible link, or text between links.
type part struct {
	text   string
	link   bool
	scheme bool // begins with http:// or https://
}

var (
	// possibleLink matches more than X treats as links: all that begins like a URL, and host names without a scheme.
	possibleLink = regexp.MustCompile(`(?i)https?://[^\s<>"]+|(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?\.)+\pL{2,63}(?:/[^\s<>"]*)?`)

	// definiteLink matches less than X treats as links.
	definiteLink = regexp.MustCompile(`^(?i)https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?::[0-9]{1,5})?` +
		`(?:/(?:[a-z0-9/_~%=+.-]*[a-z0-9/_=+-])?)?(?:\?(?:[a-z0-9/_~%=&+.-]*[a-z0-9_=&/-])?)?$`)

	lastLabel = regexp.MustCompile(`^(?i)(?:https?://)?[^/?#]*\.(\pL{2,})`)
	asciiWord = regexp.MustCompile(`^[A-Za-z]+`)
)

// splitLinks splits a text at possible links.
func splitLinks(text string) []part {
	var all []part
	last := 0
	for _, at := range possibleLink.FindAllStringIndex(text, -1) {
		one := part{text: text[at[0]:at[1]], link: true}
		one.scheme = strings.Contains(one.text, "://")
		if trimmed := strings.TrimRight(one.text, ".,;:!?'"); len(trimmed) < len(one.text) {
			one.text, at[1] = trimmed, at[0]+len(trimmed) // the end of a sentence
		}
		if !one.scheme && !knownDomain(one.text) || one.text == "" {
			continue
		}
		if at[0] > last {
			all = append(all, part{text: text[last:at[0]]})
		}
		all = append(all, one)
		last = at[1]
	}
	if last < len(text) {
		all = append(all, part{text: text[last:]})
	}
	return all
}

// weight returns the length that X counts for a possible link.
func (p part) weight() int {
	if p.scheme && definiteLink.MatchString(p.text) && knownDomain(p.text) {
		return linkWeight
	}
	return max(linkWeight, sum(characters(p.text)))
}

// knownDomain reports whether an address has an existing top-level domain: X makes links of no others.
func knownDomain(address string) bool {
	found := lastLabel.FindStringSubmatch(address)
	if found == nil {
		return false
	}
	for _, label := range []string{found[1], asciiWord.FindString(found[1])} {
		ascii, err := idna.ToASCII(strings.ToLower(label))
		if err != nil || ascii == "" {
			continue
		}
		if _, known := publicsuffix.PublicSuffix(ascii); known {
			return true
		}
	}
	return false
}

// hasLink reports whether X may charge for a post as one with a link.
func hasLink(text string) bool {
	for _, p := range splitLinks(text) {
		if p.link {
			return true
		}
	}
	return false
}

// zeroWidthSpace is U+200B: invisible, counted as one character, and the end of a link or mention.
const zeroWidthSpace = "\u200B"

// withoutLinks removes URLs. Host names stay readable, but are made no links: "S1.in" is more likely a station than
// a web page.
func withoutLinks(text string) string {
	var out strings.Builder
	gaps := false
	for _, p := range splitLinks(text) {
		switch {
		case p.scheme:
			gaps = true
		case p.link:
			out.WriteString(strings.ReplaceAll(p.text, ".", "."+zeroWidthSpace))
		default:
			out.WriteString(p.text)
		}
	}
	if gaps {
		return tidy(out.String())
	}
	return out.String()
}

// defuseMentions prevents a copy from notifying anybody: X notifies all accounts that are mentioned, and forbids bots unsolicited mentions
// (https://help.x.com/en/rules-and-policies/x-automation). URLs stay as they are.
func defuseMentions(text string) string {
	var out strings.Builder
	for _, p := range splitLinks(text) {
		if p.scheme {
			out.WriteString(p.text)
			continue
		}
		for i, r := range p.text {
			out.WriteRune(r)
			next, _ := utf8.DecodeRuneInString(p.text[i+utf8.RuneLen(r):])
			if (r == '@' || r == '＠') && (next == '_' || next < 0x80 && (unicode.IsLetter(next) || unicode.IsDigit(next))) {
				out.WriteString(zeroWidthSpace)
			}
		}
	}
	return out.String()
}

var (
	spaces     = regexp.MustCompile(`[ \t]{2,}`)
	lineSpaces = regexp.MustCompile(`[ \t]*\n[ \t]*`)
	manyLines  = regexp.MustCompile(`\n{3,}`)
)

// tidy removes spaces and blank lines that remain where something was removed.
func tidy(text string) string {
	text = spaces.ReplaceAllString(text, " ")
	text = lineSpaces.ReplaceAllString(text, "\n")
	return strings.TrimSpace(manyLines.ReplaceAllString(text, "\n\n"))
}
