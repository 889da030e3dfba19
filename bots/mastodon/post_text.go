package mastodon

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/report"
)

// joiner is U+2060 WORD JOINER: without width, and no letter of a user name.
const wordJoiner = "\u2060"

// webAddress matches URLs that Mastodon surely recognises. It is strict: a URL that it does not match is counted in full, which is
// safe.
var webAddress = regexp.MustCompile(`https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::[0-9]+)?` +
	`(?:/(?:[A-Za-z0-9/_~%=+.@-]*[A-Za-z0-9/_=+-])?)?(?:\?(?:[A-Za-z0-9/_~%=&+.-]*[A-Za-z0-9_=&/-])?)?`)

// defuseMentions prevents a text from notifying anybody: it puts a joiner behind each @ that could begin a mention, and escapes
// it in URLs. For Mastodon an @ begins a mention unless it follows a letter, a digit, _ or /, in URLs too
// (MENTION_RE in app/models/account.rb).
func defuseMentions(text string) string {
	var out strings.Builder
	last := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		out.WriteString(breakMentions(text[last:at[0]], wordJoiner))
		out.WriteString(escapeMentions(text[at[0]:at[1]]))
		last = at[1]
	}
	out.WriteString(breakMentions(text[last:], wordJoiner))
	return out.String()
}

func breakMentions(text, with string) string {
	var out strings.Builder
	for i, r := range text {
		out.WriteRune(r)
		if r != '@' && r != '＠' {
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		if next == '_' || unicode.IsLetter(next) || unicode.IsDigit(next) {
			out.WriteString(with)
		}
	}
	return out.String()
}

func escapeMentions(address string) string {
	var out strings.Builder
	for i := 0; i < len(address); i++ {
		if address[i] == '@' && address[i-1] != '/' && !wordByte(address[i-1]) {
			out.WriteString("%40")
			continue
		}
		out.WriteByte(address[i])
	}
	return out.String()
}

// length is the length of a text as an instance counts it: in characters, and perURL for each URL if perURL is not 0
// (https://docs.joinmastodon.org/user/posting/#text). Mastodon counts grapheme clusters, which are never more.
func length(text string, perURL int) int {
	count := utf8.RuneCountInString(text)
	if perURL <= 0 {
		return count
	}
	for _, address := range webAddress.FindAllString(text, -1) {
		count += perURL - utf8.RuneCountInString(address)
	}
	return count
}

// truncate cuts text to the limits. Removing one character may reduce the length by more, where a URL is no longer one; so it
// approaches the limit in small steps.
func truncate(text string, l limits) string {
	cut, keep := text, utf8.RuneCountInString(text)
	for {
		over := length(cut, l.PerURL) - l.Characters
		if over <= 0 {
			return cut
		}
		keep = min(keep, utf8.RuneCountInString(cut)) - max(1, over/4)
		cut = report.Cut(text, keep)
	}
}
