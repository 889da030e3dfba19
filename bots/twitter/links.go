package twitter

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// part is a piece of a text: something that X may take for a link, or what stands between.
type part struct {
	text   string
	link   bool
	scheme bool // begins with http:// or https://
}

var (
	// mayBeLink matches more than X takes for a link: whatever begins like an address, and names of hosts without anything
	// before them.
	mayBeLink = regexp.MustCompile(`(?i)https?://[^\s<>"]+|(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?\.)+\pL{2,63}(?:/[^\s<>"]*)?`)

	// surely matches what X takes for a link, rather too little than too much.
	surely = regexp.MustCompile(`^(?i)https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?::[0-9]{1,5})?` +
		`(?:/(?:[a-z0-9/_~%=+.-]*[a-z0-9/_=+-])?)?(?:\?(?:[a-z0-9/_~%=&+.-]*[a-z0-9_=&/-])?)?$`)

	lastLabel = regexp.MustCompile(`^(?i)(?:https?://)?[^/?#]*\.(\pL{2,})`)
	asciiWord = regexp.MustCompile(`^[A-Za-z]+`)
)

// splitLinks takes a text apart at what may be a link.
func splitLinks(text string) []part {
	var all []part
	last := 0
	for _, at := range mayBeLink.FindAllStringIndex(text, -1) {
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

// weight is what X counts for a part that may be a link.
func (p part) weight() int {
	if p.scheme && surely.MatchString(p.text) && knownDomain(p.text) {
		return linkWeight
	}
	return max(linkWeight, sum(characters(p.text)))
}

// knownDomain says that an address ends in a top-level domain that there is: X makes links of no others.
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

// hasLink says that X may count a post as one with a link, which has a price of its own.
func hasLink(text string) bool {
	for _, p := range splitLinks(text) {
		if p.link {
			return true
		}
	}
	return false
}

// breaker is U+200B ZERO WIDTH SPACE: nobody sees it, it counts as one, and no link or mention goes on behind it.
const breaker = "\u200B"

// withoutLinks leaves addresses out. Names of hosts stay readable, but are no links any more: a station called "S1.in" is
// more likely than somebody's page.
func withoutLinks(text string) string {
	var out strings.Builder
	gaps := false
	for _, p := range splitLinks(text) {
		switch {
		case p.scheme:
			gaps = true
		case p.link:
			out.WriteString(strings.ReplaceAll(p.text, ".", "."+breaker))
		default:
			out.WriteString(p.text)
		}
	}
	if gaps {
		return tidy(out.String())
	}
	return out.String()
}

// silence makes sure that a copy calls nobody: X tells everybody who is mentioned, and forbids bots to do so unasked
// (https://help.x.com/en/rules-and-policies/x-automation). Addresses stay as they are.
func silence(text string) string {
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
				out.WriteString(breaker)
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

// tidy closes the gaps that something left.
func tidy(text string) string {
	text = spaces.ReplaceAllString(text, " ")
	text = lineSpaces.ReplaceAllString(text, "\n")
	return strings.TrimSpace(manyLines.ReplaceAllString(text, "\n\n"))
}
