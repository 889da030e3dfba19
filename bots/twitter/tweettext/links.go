package tweettext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// part is a part of a text: a link, or text between links.
type part struct {
	text   string
	link   bool
	scheme bool // begins with http:// or https://
	vague  bool // X may make a link of a part of it only
}

// splitLinks splits a text, which must be in NFC, at what X makes links of.
func splitLinks(text string) []part {
	var all []part
	last := 0
	for _, l := range findLinks(text) {
		if l.from > last {
			all = append(all, part{text: text[last:l.from]})
		}
		all = append(all, part{text: text[l.from:l.to], link: true, scheme: l.scheme, vague: l.vague})
		last = l.to
	}
	if last < len(text) {
		all = append(all, part{text: text[last:]})
	}
	return all
}

// weight returns the length that X counts for a link.
func (p part) weight() int {
	if p.vague {
		return linkWeight + lengthOfCharacters(p.text)
	}
	return linkWeight
}

// HasLink reports whether X may charge for a post as one with a link.
func HasLink(text string) bool { return len(findLinks(norm.NFC.String(text))) > 0 }

// link is a link's place in a text.
type link struct {
	from, to      int
	scheme, vague bool
}

const (
	maxLinkLength = 4096 // in UTF-16, the scheme counted twice
	maxLabel      = 63   // in Punycode
	maxShortName  = 40   // behind https://t.co/
)

// linkFinder finds links as X's own library does (github.com/twitter/twitter-text, js/src/extractUrlsWithIndices.js): one pass, each address as
// long as possible, and what was an address but no link is not searched again.
type linkFinder struct {
	text    string
	domains map[int]topLevel // by offset: what begins there
	links   []link
}

// findLinks returns the links of a text in NFC, in order.
func findLinks(text string) []link {
	if !strings.Contains(text, ".") {
		return nil
	}
	f := linkFinder{text: text, domains: map[int]topLevel{}}
	for at := 0; at < len(text); {
		before, size := utf8.DecodeRuneInString(text[at:])
		end := 0
		if before > 0xFFFF {
			end = f.address(at, ' ') // the library sees two halves of such a character, and the first one may precede a link
		}
		if end == 0 && precedesLink(before) {
			end = f.address(at+size, before)
		}
		if end == 0 && at == 0 {
			end = f.address(0, ' ')
		}
		if at += size; end > 0 {
			at = end
		}
	}
	return f.links
}

// address reads an address from an offset, notes the links in it, and returns its end; 0 if there is none.
func (f *linkFinder) address(at int, before rune) int {
	scheme := schemeSize(f.text[at:])
	host, ok := f.host(at + scheme)
	if !ok {
		return 0
	}
	end := host + portSize(f.text[host:])
	path := pathSize(f.text[end:])
	end += path
	end += querySize(f.text[end:])
	one := link{from: at, to: end, scheme: scheme > 0}
	name := f.text[at+scheme : host]
	switch {
	case utf16Length(f.text[at:end])+max(scheme, len("https://")) > maxLinkLength, !f.validHost(at+scheme, host):
	case one.scheme:
		one.vague = newDomain(name)
		if one.to = at + shortLinkSize(f.text[at:end]); one.to > at {
			f.links = append(f.links, one)
		}
	case strings.ContainsRune("-_./", before):
	default:
		bare := f.bareHosts(at, host)
		if n := len(bare); path > 0 && n > 0 {
			// The library adds the path's length also where other letters are in between.
			bare[n-1].vague = bare[n-1].vague || bare[n-1].to < host
			bare[n-1].to = end
		}
		f.links = append(f.links, bare...)
	}
	return end
}

// host returns the end of the host name that begins at an offset: labels, and a top-level domain behind the last dot where there is one.
func (f *linkFinder) host(at int) (end int, ok bool) {
	for at < len(f.text) {
		size, underscore := labelSize(f.text[at:])
		if size == 0 || at+size == len(f.text) || f.text[at+size] != '.' {
			break
		}
		at += size + 1
		if top := f.topLevel(at); top.size > 0 && !underscore {
			end, ok = at+top.size, true
		}
	}
	return end, ok
}

// bareHosts returns the links in a host name without a scheme: only Latin letters are links then, and there may be several.
func (f *linkFinder) bareHosts(from, to int) (all []link) {
	for at := from; at < to; {
		end, next := 0, at
		for {
			size := strings.IndexFunc(f.text[next:to], func(r rune) bool { return r != '-' && !asciiAlphanumeric(r) && !latin(r) })
			if size < 1 || f.text[next+size] != '.' {
				break
			}
			next += size + 1
			if top := f.topLevel(next); top.size > 0 && next+top.size <= to {
				end = next + top.size
			}
		}
		if end > 0 {
			all = append(all, link{from: at, to: end, vague: newDomain(f.text[at:end])})
			at = end
			continue
		}
		_, size := utf8.DecodeRuneInString(f.text[at:])
		at += size
	}
	return all
}

func (f *linkFinder) topLevel(at int) topLevel {
	top, known := f.domains[at]
	if !known {
		top = topLevelOf(f.text[at:])
		f.domains[at] = top
	}
	return top
}

// precedesLink reports whether a link may follow a character.
func precedesLink(r rune) bool {
	return !asciiAlphanumeric(r) && !strings.ContainsRune("@＠$#＃", r) && !neverInHost(r)
}

func schemeSize(text string) int {
	for _, scheme := range []string{"https://", "http://"} {
		if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// labelSize returns the size of a label of a host name: any letters, digits and symbols, and between them hyphens and underscores.
func labelSize(text string) (size int, underscore bool) {
	size = strings.IndexFunc(text, func(r rune) bool { return !inHost(r) && r != '-' && r != '_' })
	if size < 0 {
		size = len(text)
	}
	label := text[:size]
	if label == "" || strings.ContainsAny(label[:1], "-_") || strings.ContainsAny(label[size-1:], "-_") {
		return 0, false
	}
	return size, strings.Contains(label, "_")
}

// validHost reports whether the labels of a host name fit into DNS.
func (f *linkFinder) validHost(from, to int) bool {
	host := f.text[from:to]
	if strings.HasPrefix(host, "xn--") && len(f.bareHosts(from, to)) == 0 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if labelLength(label) > maxLabel {
			return false
		}
	}
	return true
}

// labelLength returns the length of a label in Punycode. The library encodes also labels with xn-- and other letters, which are invalid, and the
// parts between other full stops one by one.
func labelLength(label string) int {
	total := -1
	for part := range strings.SplitSeq(strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(label), ".") {
		ascii, err := idna.Punycode.ToASCII(strings.Replace(part, "xn--", "xx--", 1))
		if err != nil {
			return maxLabel + 1
		}
		total += 1 + len(ascii)
	}
	return total
}

func portSize(text string) int {
	digits := strings.TrimLeft(strings.TrimPrefix(text, ":"), "0123456789")
	if size := len(text) - len(digits); size > 1 && text[0] == ':' {
		return size
	}
	return 0
}

// pathSize returns the size of a path: it ends with a letter, a digit, some punctuation, or balanced parentheses.
func pathSize(text string) int {
	if !strings.HasPrefix(text, "/") {
		return 0
	}
	end := 1
	for at := 1; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == '(':
			if size = parenthesesSize(text[at:], true); size == 0 {
				return end
			}
			end = at + size
		case !inPath(r):
			return end
		case endsPath(r):
			end = at + size
		}
		at += size
	}
	return end
}

// parenthesesSize returns the size of balanced parentheses with something in them, which may have others inside, once.
func parenthesesSize(text string, nested bool) int {
	inner := false
	for at := 1; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == ')' && at > 1:
			return at + size
		case r == '(' && nested && !inner:
			if size, inner = parenthesesSize(text[at:], false), true; size == 0 {
				return 0
			}
		case !inPath(r):
			return 0
		}
		at += size
	}
	return 0
}

func querySize(text string) int {
	if !strings.HasPrefix(text, "?") {
		return 0
	}
	end := 0
	for at := 1; at < len(text); at++ {
		c := rune(text[at])
		if !asciiAlphanumeric(c) && !strings.ContainsRune("!?*'@();:&=+$/%#[]-_.,~|", c) {
			break
		}
		if asciiAlphanumeric(c) || strings.ContainsRune("-_&=#/", c) {
			end = at + 1
		}
	}
	return end
}

var shortLinkName = regexp.MustCompile(`^[Hh][Tt][Tt][Pp][Ss]?://[Tt]\.[Cc][Oo]/([A-Za-z0-9]+)`) // (?i) would take ſ for an s

// shortLinkSize returns how much of an address is the link: all, except of links to t.co, which end with their name and query, and are none
// with a long name.
func shortLinkSize(address string) int {
	name := shortLinkName.FindStringSubmatch(address)
	switch {
	case name == nil:
		return len(address)
	case len(name[1]) > maxShortName:
		return 0
	}
	return len(name[0]) + querySize(address[len(name[0]):])
}

func asciiAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// neverInHost are the characters that X forbids.
func neverInHost(r rune) bool { return r == '\uFFFE' || r == '\uFEFF' || r == '\uFFFF' }

// inHost reports whether a label of a host name may have a character at its ends.
func inHost(r rune) bool {
	return !strings.ContainsRune(`!'#%&()*+,\-./:;<=>?@[]^_{|}~$`, r) && !hostSpace(r) && !neverInHost(r) &&
		!(r >= '\u202A' && r <= '\u202E' || r == '\u061C' || r == '\u200E' || r == '\u200F' || r >= '\u2066' && r <= '\u2069')
}

func hostSpace(r rune) bool { return unicode.IsSpace(r) || r == '\u180E' }

// inPath reports whether a path may have a character.
func inPath(r rune) bool { return endsPath(r) || strings.ContainsRune("!*';:,.$%[]\u2013~@|&", r) }

// endsPath reports whether a path may end with a character.
func endsPath(r rune) bool {
	return asciiAlphanumeric(r) || strings.ContainsRune("+-=_#/", r) || latin(r) || cyrillic(r) || cyrillic(unicode.ToUpper(r))
}

func cyrillic(r rune) bool { return r >= '\u0400' && r <= '\u04FF' }

// latin reports whether a character is a Latin letter with an accent, in either case. An iota is one: it is the capital of U+0345, a
// combining mark.
func latin(r rune) bool {
	return accented(r) || r > '\u024F' && (accented(unicode.ToLower(r)) || accented(unicode.ToUpper(r)) ||
		unicode.ToUpper(r) == '\u0399' || r == '\uA7DC') // U+A7DC is the capital of ƛ since Unicode 16
}

func accented(r rune) bool {
	return r >= '\u00C0' && r <= '\u024F' && r != '\u00D7' && r != '\u00F7' || strings.ContainsRune("ɓɔɖɗəɛɣɨɯɲʉʋʻ", r) ||
		r >= '\u0300' && r <= '\u036F' || r >= '\u1E00' && r <= '\u1EFF'
}

func utf16Length(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
