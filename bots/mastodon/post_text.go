package mastodon

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/report"
)

// joiner is U+2060 WORD JOINER: without width, and no letter of a user name.
const joiner = "\u2060"

// webAddress matches what Mastodon surely takes as an address, rather too little than too much: an address that is not
// recognised is counted in full, which is safe.
var webAddress = regexp.MustCompile(`https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::[0-9]+)?` +
	`(?:/(?:[A-Za-z0-9/_~%=+.@-]*[A-Za-z0-9/_=+-])?)?(?:\?(?:[A-Za-z0-9/_~%=&+.-]*[A-Za-z0-9_=&/-])?)?`)

// silence makes sure that a text pings nobody: an @ that could begin a mention is followed by a joiner, or escaped
// where it is part of an address. Mastodon sees a mention in an @ that follows neither a letter, a digit, _ nor /
// (MENTION_RE in app/models/account.rb), also in addresses.
func silence(text string) string {
	var out strings.Builder
	last := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		out.WriteString(breakMentions(text[last:at[0]], joiner))
		out.WriteString(escapeMentions(text[at[0]:at[1]]))
		last = at[1]
	}
	out.WriteString(breakMentions(text[last:], joiner))
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

// length is what an instance counts: characters, and perURL for each address if it says so
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

// fit cuts text so that an instance takes it. A character less may be some less in the count, where an address ends to be
// one: so it approaches the limit in steps that do not overshoot it by more than that.
func fit(text string, l limits) string {
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
