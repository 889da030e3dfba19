package mastodon

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	masto "github.com/mattn/go-mastodon"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"linienfunk/bots/kit"
	"linienfunk/internal/htmltext"
)

// names are the accounts that a status mentions.
type names struct {
	acct, domain string   // of the city's account, whose mention is removed
	urls         []string // of its profile, as in links

	others   []masto.Mention
	answered masto.ID // the account that the status answers, "" for none
	private  bool
}

// Marks in a text until withoutAddressees has decided: around the names of other accounts, and in place of a name that goes, that of the
// city's account to begin with.
const (
	otherName    = '\x01'
	answeredName = '\x02'
	endOfName    = '\x03'
	removedName  = kit.RemovedName // \x04
)

// plainText turns the content of a status into the text that its author typed: lines and paragraphs as they were, links
// with the address they show, shorten or hide, no mention of the city's account. Content that cannot be parsed yields
// the empty string. The forms follow https://docs.joinmastodon.org/spec/activitypub/#sanitization and
// app/lib/text_formatter.rb of Mastodon.
func plainText(content string, n names) string {
	return tidy(unmarked(kit.CloseGaps(n.markedText(content))))
}

// markedText is plainText with marks.
func (n names) markedText(content string) string {
	text := tidy(htmltext.Convert(content, htmltext.Rules{
		Balance: true, // instances sanitize what they show
		Text:    n.markedWords,
		Element: n.element,
	}))
	return tidy(repeatedQuoteAtEnd.ReplaceAllString(text, ""))
}

// markedWords marks the names of accounts in a text without markup.
func (n names) markedWords(s string) string {
	return handle.ReplaceAllStringFunc(markCity(unmarked(s), n), func(found string) string {
		at := strings.IndexByte(found, '@')
		return found[:at] + n.marked(found[at:])
	})
}

// marked marks a name that is no link if it is that of an account, which names its host or is mentioned: "@Kottbusser Tor" is a place.
func (n names) marked(name string) string {
	for _, m := range n.others {
		if strings.EqualFold(name[1:], m.Acct) || strings.EqualFold(name[1:], m.Username) {
			return n.mark(name, m.ID)
		}
	}
	if strings.Contains(name[1:], "@") {
		return n.mark(name, "")
	}
	return name
}

func (n names) mark(name string, id masto.ID) string {
	kind := otherName
	if id != "" && id == n.answered {
		kind = answeredName
	}
	return string(kind) + name + string(endOfName)
}

func unmarked(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= otherName && r <= removedName {
			return -1
		}
		return r
	}, s)
}

// handle is the name of an account in a text.
var handle = regexp.MustCompile(`(?:^|[^\pL\pN_/@])@[\pL\pN_]+(?:[.-]+[\pL\pN_]+)*(?:@[\pL\pN_]+(?:[.-]+[\pL\pN_]+)*)?`)

func isHandle(text string) bool {
	return text != "" && text[0] == '@' && handle.FindString(text) == text
}

const (
	anyName = `(?:[\x01\x02][^\x03]*\x03|\x04)`
	joiners = `(?:[\s,;:&+/]|\b(?:and|und)\b)*` // names that belong together
)

var (
	answered         = regexp.MustCompile(`\x02[^\x03]*\x03`)
	namesBesideCity  = regexp.MustCompile(`(?:` + anyName + joiners + `)*\x04(?:` + joiners + anyName + `)*`)
	namesAtBeginning = regexp.MustCompile(`^(?:[(@.-]*` + joiners + `[(@.-]*` + anyName + `)+[,;:.!…)]*(?:\s*[&+/–—-]+\s+)?\s*`)
	namesAtEnd       = regexp.MustCompile(`[\s,;:&+/(@-]*` + anyName + `(?:[\s,;:.!&+/)-]*` + anyName + `)*[\s,;:.!)]*$`)
)

// withoutAddressees removes names from the text of a status that tell who wrote to whom: the account that it answers, which may be the author
// of a private report; in an answer and in a private mention those at the beginning, where programs put them; in a private mention also
// those at the end and beside that of the city. Private mentions are copied to the public without the names of who was to read them.
func (n names) withoutAddressees(text string, reply bool) string {
	if n.private {
		text = namesBesideCity.ReplaceAllString(text, string(removedName))
	}
	text = answered.ReplaceAllString(text, string(removedName))
	if reply || n.private {
		text = namesAtBeginning.ReplaceAllString(text, "")
	}
	if n.private {
		text = namesAtEnd.ReplaceAllString(text, "")
	}
	return tidy(unmarked(kit.CloseGaps(text)))
}

// element leaves out what readers do not see, and replaces links. Mastodon keeps the class invisible also where it makes no
// sense: the censor must not see another text than people. quote-inline repeats a quoted status for programs that do not know quotes.
func (n names) element(start html.Token) htmltext.Action {
	switch {
	case htmltext.HasClass(start, "invisible"):
		return htmltext.Action{Skip: true}
	case htmltext.HasClass(start, "quote-inline"):
		return htmltext.Action{Replace: func(inner []html.Token) (string, bool) {
			_, whole := innerText(inner)
			return "", repeatedQuote.MatchString(whole)
		}}
	case start.DataAtom == atom.A:
		return htmltext.Action{Replace: func(inner []html.Token) (string, bool) { return n.link(start, inner), true }}
	}
	return htmltext.Action{}
}

// repeatedQuote is all that a repeated quote says. Programs that know quotes leave it out, others show it.
var repeatedQuote = regexp.MustCompile(`^\s*[A-Z]{2}:\s*https?://\S+\s*$`)

// repeatedQuoteAtEnd is such a repetition in the text itself, as Misskey and Firefish write it without a class. The link must look like that of a
// post: "RE" may also be a train.
var repeatedQuoteAtEnd = regexp.MustCompile(`(?:^|\n)[ \t]*(?:RE|QT|RT|RN):\s*https?://[^\s/]+/(?:@|(?:ap/)?users/|notes/|notice/|objects/|p/|statuses/|display/|profile/[^\s/]+/post/)\S+\s*$`)

// link is what a link shows, with its address where that is another one.
func (n names) link(start html.Token, inner []html.Token) string {
	shown, whole := innerText(inner)
	shown, whole = unmarked(shown), unmarked(whole)
	href := htmltext.Attribute(start, "href")
	hashtag := htmltext.HasClass(start, "hashtag") || isHashtag(shown)
	mentioned := slices.IndexFunc(n.others, func(m masto.Mention) bool { return m.URL == href })
	switch {
	case hashtag:
		return markCity(shown, n)
	case htmltext.HasClass(start, "mention") && n.isCity(shown, href): // the link may say more than the mention; people see that
		if u, err := url.Parse(href); err == nil {
			shown = markCity(shown, names{acct: n.acct, domain: u.Host})
		}
		return strings.TrimSpace(markCity(shown, n))
	case mentioned >= 0 && (n.private || isHandle(shown)): // other words are seen in a boost, so they are judged
		return n.mark(shown, n.others[mentioned].ID)
	case isHandle(shown) && mentionSize(shown, n) == 0:
		return n.marked(shown)
	case htmltext.HasClass(start, "mention"):
		return shown
	}
	return markCity(linkText(shown, whole, href), n)
}

// isCity reports whether a link leads to the city's account: to its page, or, in links of other programs, to another address of it at its host.
func (n names) isCity(shown, href string) bool {
	if slices.Contains(n.urls, href) {
		return true
	}
	at, err := url.Parse(href)
	return err == nil && mentionSize(shown, n) == len(shown) && slices.ContainsFunc(n.urls, func(known string) bool {
		u, err := url.Parse(known)
		return err == nil && strings.EqualFold(u.Host, at.Host)
	})
}

func isHashtag(shown string) bool {
	return strings.HasPrefix(shown, "#") && !strings.ContainsFunc(shown[1:], func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// linkText returns what a link says: the whole address if it shows, shortens or abbreviates that, and both if it shows other words.
func linkText(shown, whole, href string) string {
	if !isWeb(href) || strings.TrimSpace(shown) == "" {
		return shown
	}
	address := bareAddress(href)
	if bareAddress(whole) == address {
		if isWeb(whole) {
			return whole
		}
		return shown
	}
	if start, cut := withoutEllipsis(shown); cut && start != "" && strings.HasPrefix(address, bareAddress(start)) {
		return href
	}
	return shown + " (" + href + ")"
}

func isWeb(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

func withoutEllipsis(shown string) (start string, cut bool) {
	for _, mark := range []string{"…", "..."} {
		if start, cut = strings.CutSuffix(strings.TrimSpace(shown), mark); cut {
			return start, true
		}
	}
	return shown, false
}

// bareAddress is an address as people compare it: without its scheme, www. and the last slash, in lower case, with its characters unescaped.
func bareAddress(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	if _, rest, found := strings.Cut(address, "://"); found {
		address = rest
	}
	return strings.TrimSuffix(strings.TrimPrefix(address, "www."), "/")
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

// markCity replaces @acct and @acct@domain, whole words in any case, where they are no links. Behind a / they are part of an address.
func markCity(s string, me names) string {
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
		if size == 0 || at > 0 && (wordByte(s[at-1]) || s[at-1] == '/') {
			out.WriteString(s[:at+1])
			s = s[at+1:]
			continue
		}
		out.WriteString(s[:at])
		out.WriteRune(removedName)
		s = s[at+size:]
	}
}

// mentionSize returns the length of the mention of the city's account at the beginning of s, 0 if there is none.
func mentionSize(s string, me names) int {
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
