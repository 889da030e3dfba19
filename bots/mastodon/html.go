package mastodon

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// self is what plainText needs to know of the city's account to leave its mention out.
type self struct {
	acct, domain string
	urls         []string // of the profile, as it stands in links
}

// plainText turns the content of a status into the text that its author typed: lines and paragraphs as they were, links
// with the address they show or shorten, no mention of the city's account. Content that cannot be parsed yields
// the empty string. The forms follow https://docs.joinmastodon.org/spec/activitypub/#sanitization and
// app/lib/text_formatter.rb of Mastodon.
func plainText(content string, me self) string {
	root, err := html.Parse(strings.NewReader(content))
	if err != nil {
		return "" // nested deeper than 512 elements
	}
	w := &textWriter{me: me}
	w.children(root)
	return tidy(w.out.String())
}

type textWriter struct {
	out strings.Builder
	me  self
	pre bool
}

func (w *textWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *textWriter) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data)
		return
	case html.ElementNode, html.DocumentNode:
	default:
		return
	}
	if hidden(n) {
		return
	}
	switch n.DataAtom {
	case atom.Br:
		w.out.WriteByte('\n')
	case atom.A:
		w.link(n)
	case atom.P, atom.Blockquote, atom.Ul, atom.Ol, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.block(n, "\n\n")
	case atom.Div, atom.Tr:
		w.block(n, "\n")
	case atom.Li:
		w.out.WriteString("\n- ")
		w.children(n)
	default:
		w.children(n)
	}
}

func (w *textWriter) block(n *html.Node, edge string) {
	outer := w.pre
	w.pre = outer || n.DataAtom == atom.Pre
	w.out.WriteString(edge)
	w.children(n)
	w.out.WriteString(edge)
	w.pre = outer
}

// hidden is what no reader sees. Mastodon keeps the class invisible also where it makes no sense: a text must not show
// the censor something else than people. quote-inline repeats a quoted status for programs that know no quotes.
func hidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Head, atom.Noscript, atom.Iframe, atom.Svg, atom.Math,
		atom.Textarea, atom.Select, atom.Object, atom.Audio, atom.Video:
		return true
	}
	return hasClass(n, "invisible") || hasClass(n, "quote-inline") && repeated.MatchString(innerText(n, true))
}

// repeated is all that a repeated quote says. Programs that know quotes leave it out, others show it.
var repeated = regexp.MustCompile(`^\s*[A-Z]{2}:\s*https?://\S+\s*$`)

var space = regexp.MustCompile(`[ \t\r\n\f]+`)

func (w *textWriter) text(s string) {
	if w.pre {
		w.out.WriteString(stripMention(s, w.me))
		return
	}
	s = stripMention(space.ReplaceAllString(s, " "), w.me)
	if done := w.out.String(); done == "" || strings.HasSuffix(done, " ") || strings.HasSuffix(done, "\n") {
		s = strings.TrimPrefix(s, " ")
	}
	w.out.WriteString(s)
}

// link writes the address of a link that Mastodon has shortened, and otherwise what it shows.
func (w *textWriter) link(n *html.Node) {
	href := attribute(n, "href")
	if hasClass(n, "mention") && !hasClass(n, "hashtag") {
		shown := space.ReplaceAllString(innerText(n, false), " ")
		if slices.Contains(w.me.urls, href) { // what else it says, people see
			if u, err := url.Parse(href); err == nil {
				shown = stripMention(shown, self{acct: w.me.acct, domain: u.Host})
			}
			shown = strings.TrimSpace(stripMention(shown, w.me))
		}
		w.out.WriteString(shown)
		return
	}
	if whole := innerText(n, true); strings.TrimSuffix(whole, "/") == strings.TrimSuffix(href, "/") {
		w.out.WriteString(whole)
		return
	}
	w.text(innerText(n, false))
}

// innerText is the text of n; the parts that are not shown belong to all of it, and make an ellipsis otherwise.
func innerText(n *html.Node, all bool) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && (all || !within(c, n, "invisible")) {
			out.WriteString(c.Data)
			if !all && within(c, n, "ellipsis") {
				out.WriteString("…")
			}
		}
	}
	return out.String()
}

func within(c, top *html.Node, class string) bool {
	for ; c != nil && c != top; c = c.Parent {
		if hasClass(c, class) {
			return true
		}
	}
	return false
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attribute(n, "class")), class)
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// stripMention removes @acct and @acct@domain, whole words in any case, where they are no links.
func stripMention(s string, me self) string {
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

// mentionSize is the length of the mention of the city's account that s begins with, 0 if there is none.
func mentionSize(s string, me self) int {
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

// tidy removes what the removal of mentions and the edges of blocks left over.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.Trim(line, " \t")
	}
	return strings.TrimSpace(gap.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}
