package tweettext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// zeroWidthSpace is U+200B: invisible, counted as one character, and the end of a link or mention.
const zeroWidthSpace = "\u200B"

// Silence returns the text of a copy in NFC: it mentions nobody, and has links only if links is set.
func Silence(text string, links bool) string {
	text = norm.NFC.String(text)
	if !links {
		return breakHosts(silenceMentions(withoutAddresses(text), false), false)
	}
	for {
		quiet := breakHosts(silenceMentions(text, true), true)
		if quiet == text {
			return text
		}
		text = quiet // a broken host name may show what was hidden in its address
	}
}

// address is all that looks like a URL, whether X makes a link of it or not.
var address = regexp.MustCompile(`(?i)https?://[^\s<>"]+`)

// withoutAddresses removes URLs, but not the punctuation behind them.
func withoutAddresses(text string) string {
	shorter := address.ReplaceAllStringFunc(text, func(url string) string {
		end := strings.TrimRight(url, ".,;:!?')")
		if open := strings.Count(end, "(") - strings.Count(end, ")"); open > 0 {
			end = url[:min(len(end)+open, len(url))]
		}
		return url[len(end):]
	})
	if shorter == text {
		return text
	}
	return withoutAddresses(Tidy(strings.ReplaceAll(shorter, "()", "")))
}

// silenceMentions prevents a copy from notifying anybody: X notifies all accounts that are mentioned, and forbids bots unsolicited mentions
// (https://help.x.com/en/rules-and-policies/x-automation). It can leave URLs as they are, in which X sees no mentions unless they continue a hashtag.
func silenceMentions(text string, keepLinks bool) string {
	parts := []part{{text: text}}
	if keepLinks {
		parts = splitLinks(text)
	}
	var out strings.Builder
	at := 0
	for _, p := range parts {
		last, _ := utf8.DecodeLastRuneInString(text[:at])
		keep := p.scheme && !unicode.In(last, unicode.L, unicode.M, unicode.N)
		for i, r := range p.text {
			out.WriteRune(r)
			next, _ := utf8.DecodeRuneInString(text[at+i+utf8.RuneLen(r):])
			if !keep && (r == '@' || r == '＠') && (next == '_' || asciiAlphanumeric(next)) {
				out.WriteString(zeroWidthSpace)
			}
		}
		at += len(p.text)
	}
	return out.String()
}

// breakHosts makes host names no links, but keeps them readable: "S1.in" is more likely a station than a web page. It can be limited to those
// behind a mention, which became links when it was silenced: those of mail addresses.
func breakHosts(text string, mentioned bool) string {
	var out strings.Builder
	last := 0
	for _, l := range findLinks(text) {
		before := text[:l.from]
		if mentioned && (l.scheme || !strings.HasSuffix(before, "@"+zeroWidthSpace) && !strings.HasSuffix(before, "＠"+zeroWidthSpace)) {
			continue
		}
		out.WriteString(text[last:l.from])
		out.WriteString(strings.ReplaceAll(text[l.from:l.to], ".", "."+zeroWidthSpace))
		last = l.to
	}
	if last == 0 {
		return text
	}
	out.WriteString(text[last:])
	return breakHosts(out.String(), mentioned) // what follows a broken one may be a link now
}

var (
	spaces     = regexp.MustCompile(`[ \t]{2,}`)
	lineSpaces = regexp.MustCompile(`[ \t]*\n[ \t]*`)
	manyLines  = regexp.MustCompile(`\n{3,}`)
)

// Tidy removes spaces and blank lines that remain where something was removed.
func Tidy(text string) string {
	text = spaces.ReplaceAllString(text, " ")
	text = lineSpaces.ReplaceAllString(text, "\n")
	return strings.TrimSpace(manyLines.ReplaceAllString(text, "\n\n"))
}
