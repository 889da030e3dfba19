// Package htmltext turns HTML into the plain text that a reader sees: lines, paragraphs and list items as on the page,
// white space as browsers collapse it, deleted text between ~~. It is pure. What differs between mails and posts of a network is in Rules.
package htmltext

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Rules adapt the conversion to a kind of page. The zero value renders everything that browsers show.
type Rules struct {
	// Balance builds the tree of the page first, as browsers do, so that an element without an end tag ends where it ends on
	// the screen. The tree may take thousands of times the memory of the page: set it only for HTML that a network has
	// sanitized. A page nested deeper than 512 elements then has no text. Without Balance, an end tag ends the
	// element of its name that began last, and memory stays within that of the page.
	Balance bool

	// Element decides about an element by its start tag. It is not called within elements that are left out.
	Element func(start html.Token) Action

	// Text changes a text before it is written, where it is in no element that is left out or replaced. White space in it is
	// collapsed to single spaces unless it is preformatted.
	Text func(text string) string
}

// Action is what to do with an element. The zero value renders it.
type Action struct {
	Skip bool   // leave the element out with all that is in it
	Mark string // with Skip: a line of text in its place
	Stop bool   // end the whole text in front of the element

	// Replace gets the tokens between the start and the end tag and returns the text that is written in place of the element, or
	// false to render the element. Elements of the same name that are nested in each other are handed over repeatedly: set
	// it only together with Rules.Balance, which bounds the depth.
	Replace func(inner []html.Token) (text string, ok bool)
}

// Convert returns the text of a page: valid UTF-8 if the page is, without white space around it outside of preformatted parts, and with at
// most one blank line between two lines.
func Convert(page string, rules Rules) string {
	if rules.Balance {
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			return ""
		}
		var balanced strings.Builder
		if html.Render(&balanced, root) != nil {
			return ""
		}
		page = balanced.String()
	}
	w := &writer{rules: rules}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for !w.stopped && tokens.Next() != html.ErrorToken {
		w.token(tokens.Token())
	}
	w.finish()
	return w.out.String()
}

// token handles one token of the page.
func (w *writer) token(t html.Token) {
	switch t.Type {
	case html.TextToken:
		w.textToken(t)
	case html.StartTagToken, html.SelfClosingTagToken:
		if w.within() {
			w.nested(t)
			return
		}
		w.start(t)
	case html.EndTagToken:
		if w.within() {
			w.nested(t)
			return
		}
		w.end(t.DataAtom)
	}
}

func (w *writer) textToken(t html.Token) {
	switch {
	case w.within():
		w.nested(t)
	case w.pre > 0:
		w.preformatted(w.changed(t.Data))
	default:
		w.text(w.changed(collapse(t.Data)))
	}
}

func (w *writer) changed(text string) string {
	if w.rules.Text == nil {
		return text
	}
	return w.rules.Text(text)
}

func (w *writer) start(t html.Token) {
	var action Action
	if w.rules.Element != nil {
		action = w.rules.Element(t)
	}
	switch {
	case action.Stop:
		w.stopped = true
	case action.Skip && isEmpty(t):
		w.mark(action.Mark)
	case action.Skip, isInvisible(t.DataAtom) && !isEmpty(t):
		w.mark(action.Mark)
		w.skipped, w.depth = t.Data, 1
	case action.Replace != nil && !isEmpty(t):
		w.skipped, w.depth, w.replace, w.startTag = t.Data, 1, action.Replace, t
	default:
		w.open(t)
	}
}

// within reports whether the tokens are those of an element that is left out or replaced.
func (w *writer) within() bool { return w.skipped != "" }

// nested handles a token in an element that is left out or replaced.
func (w *writer) nested(t html.Token) {
	if t.Data == w.skipped && t.Type == html.StartTagToken {
		w.depth++
	}
	if t.Data == w.skipped && t.Type == html.EndTagToken {
		if w.depth--; w.depth == 0 {
			w.leave()
			return
		}
	}
	if w.replace != nil {
		w.inner = append(w.inner, t)
	}
}

// leave ends an element that is left out or replaced.
func (w *writer) leave() {
	replace, start, inner := w.replace, w.startTag, w.inner
	w.skipped, w.replace, w.inner = "", nil, nil
	if replace == nil {
		return
	}
	if text, ok := replace(inner); ok {
		w.text(collapse(text))
		return
	}
	w.open(start)
	for _, t := range inner {
		if w.stopped {
			return
		}
		w.token(t)
	}
	w.finish()
	w.end(start.DataAtom)
}

// finish ends elements that are not closed.
func (w *writer) finish() {
	if w.within() && !w.stopped {
		w.leave()
	}
}

// isInvisible lists elements whose content browsers do not show as text.
func isInvisible(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Template, atom.Title, atom.Noscript, atom.Noembed, atom.Noframes, atom.Iframe, atom.Svg, atom.Math, atom.Select,
		atom.Textarea, atom.Object, atom.Audio, atom.Video:
		return true
	}
	return false
}

// isEmpty reports whether an element has no end tag: HTML's own, and those that XHTML closes at once.
func isEmpty(t html.Token) bool { return t.Type == html.SelfClosingTagToken || isVoid(t.DataAtom) }

// isVoid lists the elements of HTML that have no end tag.
func isVoid(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}
