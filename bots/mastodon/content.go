package mastodon

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"linienfunk/internal/htmltext"
)

// ownNames are the names of the city's account, whose mention plainText removes.
type ownNames struct {
	acct, domain string
	urls         []string // of the profile, as in links
}

// plainText turns the content of a status into the text that its author typed: lines and paragraphs as they were, links
// with the address they show or shorten, no mention of the city's account. Content that cannot be parsed yields
// the empty string. The forms follow https://docs.joinmastodon.org/spec/activitypub/#sanitization and
// app/lib/text_formatter.rb of Mastodon.
func plainText(content string, me ownNames) string {
	return tidy(htmltext.Convert(content, htmltext.Rules{
		Balance: true, // instances sanitize what they show
		Text:    func(s string) string { return stripMention(s, me) },
		Element: me.element,
	}))
}

// element leaves out what readers do not see, and replaces links. Mastodon keeps the class invisible also where it makes no
// sense: the censor must not see another text than people. quote-inline repeats a quoted status for programs that do not know quotes.
func (me ownNames) element(start html.Token) htmltext.Action {
	switch {
	case htmltext.HasClass(start, "invisible"):
		return htmltext.Action{Skip: true}
	case htmltext.HasClass(start, "quote-inline"):
		return htmltext.Action{Replace: func(inner []html.Token) (string, bool) {
			_, whole := innerText(inner)
			return "", repeatedQuote.MatchString(whole)
		}}
	case start.DataAtom == atom.A:
		return htmltext.Action{Replace: func(inner []html.Token) (string, bool) { return me.link(start, inner), true }}
	}
	return htmltext.Action{}
}

// repeatedQuote is all that a repeated quote says. Programs that know quotes leave it out, others show it.
var repeatedQuote = regexp.MustCompile(`^\s*[A-Z]{2}:\s*https?://\S+\s*$`)

// link is the address of a link that Mastodon has shortened, and otherwise what it shows.
func (me ownNames) link(start html.Token, inner []html.Token) string {
	shown, whole := innerText(inner)
	href := htmltext.Attribute(start, "href")
	switch {
	case !htmltext.HasClass(start, "mention") || htmltext.HasClass(start, "hashtag"):
		if strings.TrimSuffix(whole, "/") == strings.TrimSuffix(href, "/") {
			return whole
		}
		return stripMention(shown, me)
	case slices.Contains(me.urls, href): // the link may say more than the mention; people see that
		if u, err := url.Parse(href); err == nil {
			shown = stripMention(shown, ownNames{acct: me.acct, domain: u.Host})
		}
		return strings.TrimSpace(stripMention(shown, me))
	}
	return shown
}

// innerText returns the text that an element shows, with an ellipsis where Mastodon has shortened it, and its whole text.
func innerText(inner []html.Token) (shown, whole string) {
	within := func(open []html.Token, class string) bool {
		return slices.ContainsFunc(open, func(t html.Token) bool { return htmltext.HasClass(t, class) })
	}
	var seen, all strings.Builder
	for text, open := range htmltext.Texts(inner) {
		all.WriteString(text)
		if within(open, "invisible") {
			continue
		}
		seen.WriteString(text)
		if within(open, "ellipsis") {
			seen.WriteString("…")
		}
	}
	return seen.String(), all.String()
}

// stripMention removes @acct and @acct@domain, whole words in any case, where they are no links.
func stripMention(s string, me ownNames) string {
	if me.acct == "" {
		return s
	}
	var out strings.Builder
	for {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			out.WriteString(s)
			return out.String()
		}
		size := mentionSize(s[at:], me)
		if size == 0 || at > 0 && wordByte(s[at-1]) {
			out.WriteString(s[:at+1])
			s = s[at+1:]
			continue
		}
		out.WriteString(s[:at])
		if s = s[at+size:]; strings.HasSuffix(out.String(), " ") {
			s = strings.TrimPrefix(s, " ") // one is enough
		}
	}
}

// mentionSize returns the length of the mention of the city's account at the beginning of s, 0 if there is none.
func mentionSize(s string, me ownNames) int {
	for _, name := range []string{"@" + me.acct + "@" + me.domain, "@" + me.acct} {
		if len(s) < len(name) || !strings.EqualFold(s[:len(name)], name) {
			continue
		}
		rest := s[len(name):]
		if rest == "" || !wordByte(rest[0]) && rest[0] != '@' && !(rest[0] == '.' && len(rest) > 1 && wordByte(rest[1])) {
			return len(name)
		}
	}
	return 0
}

func wordByte(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

var gap = regexp.MustCompile(`\n{3,}`)

// tidy removes spaces around lines and runs of blank lines, which remain where a mention was removed.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.Trim(line, " \t")
	}
	return strings.TrimSpace(gap.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}
