package htmltext

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// writer collects the text. Line breaks and spaces are due until the next text, so that none are at the edges.
type writer struct {
	rules   Rules
	out     strings.Builder
	breaks  int  // line breaks that are due
	space   bool // a space is due
	pre     int  // open elements with preformatted text
	lists   []*list
	bullet  bool // the last text is a bullet, and its item has none yet
	deleted int  // open elements with deleted text
	tildes  bool // they have text, which begins with tildes
	stopped bool

	skipped  string // name of the element that is left out or replaced; empty for none
	depth    int    // of elements of this name in it
	replace  func([]html.Token) (string, bool)
	startTag html.Token
	inner    []html.Token
}

// list is an open list.
type list struct {
	element atom.Atom
	next    int // number of the next item, of an ordered list
}

// open handles the start of an element that is rendered.
func (w *writer) open(t html.Token) {
	a := t.DataAtom
	switch {
	case a == atom.Br:
		w.breaks++
		w.space = false
	case a == atom.Td, a == atom.Th:
		w.space = true
	case isDeleted(a):
		w.deleted++
	case a == atom.Li:
		w.edge(a)
		w.text(w.bulletOf(t))
		w.bullet = true
	case a == atom.Ul, a == atom.Ol:
		w.edge(a)
		w.lists = append(w.lists, &list{a, number(t, "start", 1)})
	default:
		w.edge(a)
	}
	if a == atom.Pre {
		w.pre++
	}
}

// bulletOf returns what stands in front of an item of a list: its number if the list is ordered.
func (w *writer) bulletOf(item html.Token) string {
	if len(w.lists) == 0 || w.lists[len(w.lists)-1].element == atom.Ul {
		return "- "
	}
	in := w.lists[len(w.lists)-1]
	n := number(item, "value", in.next)
	in.next = n + 1
	return strconv.Itoa(n) + ". "
}

// number is the value of an attribute if it is a number of up to six digits, and fallback otherwise.
func number(t html.Token, key string, fallback int) int {
	n, err := strconv.Atoi(Attribute(t, key))
	if err != nil || n < 0 || n > 999999 {
		return fallback
	}
	return n
}

// end handles the end of an element that is rendered.
func (w *writer) end(a atom.Atom) {
	w.edge(a)
	if isDeleted(a) && w.deleted > 0 {
		if w.deleted--; w.deleted == 0 && w.tildes {
			w.out.WriteString("~~")
			w.tildes = false
		}
	}
	if open := len(w.lists); open > 0 && w.lists[open-1].element == a {
		w.lists = w.lists[:open-1]
	}
	if a == atom.Pre {
		w.pre = max(w.pre-1, 0)
	}
}

// edge makes the next text begin a line if a block starts or ends here, and a paragraph if it is one. The first block of an item stands behind its
// bullet, and paragraphs in items are lines.
func (w *writer) edge(a atom.Atom) {
	w.bullet = w.bullet && a != atom.Li && a != atom.Ul && a != atom.Ol
	switch {
	case w.bullet:
		return
	case a == atom.P && len(w.lists) > 0:
		w.breaks = max(w.breaks, 1)
	case isParagraph(a):
		w.breaks = max(w.breaks, 2)
	case isBlock(a):
		w.breaks = max(w.breaks, 1)
	default:
		return
	}
	w.space = false
}

// mark writes a line of its own.
func (w *writer) mark(line string) {
	if line != "" {
		w.edge(atom.Div)
		w.text(line)
		w.edge(atom.Div)
	}
}

// text writes text whose white space is collapsed.
func (w *writer) text(s string) {
	if strings.HasPrefix(s, " ") {
		w.space = true
	}
	words := strings.Trim(s, " ")
	if words == "" {
		return
	}
	w.flush()
	w.out.WriteString(words)
	w.space = strings.HasSuffix(s, " ")
}

// preformatted writes text as it is.
func (w *writer) preformatted(s string) {
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			w.breaks++
			w.space = false
		}
		if line != "" {
			w.flush()
			w.out.WriteString(line)
		}
	}
}

// flush writes what is due in front of a text.
func (w *writer) flush() {
	switch {
	case w.out.Len() == 0:
	case w.breaks > 0:
		w.out.WriteString("\n\n"[:min(w.breaks, 2)])
	case w.space:
		w.out.WriteByte(' ')
	}
	w.breaks, w.space, w.bullet = 0, false, false
	if w.deleted > 0 && !w.tildes {
		w.out.WriteString("~~")
		w.tildes = true
	}
}

// collapse makes one space of each run of white space. The no-break space is text.
func collapse(s string) string {
	var out strings.Builder
	space := false
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			space = true
			continue
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r)
	}
	if space {
		out.WriteByte(' ')
	}
	return out.String()
}

// isDeleted lists elements whose text browsers strike out: it is no longer true, and may be the opposite of what is meant.
func isDeleted(a atom.Atom) bool { return a == atom.Del || a == atom.S || a == atom.Strike }

// isParagraph lists blocks that browsers show with a margin.
func isParagraph(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Blockquote, atom.Ul, atom.Ol, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// isBlock lists further elements that begin and end lines.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Body, atom.Center, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figure, atom.Footer,
		atom.Form, atom.Header, atom.Hr, atom.Li, atom.Main, atom.Section, atom.Table, atom.Tr:
		return true
	}
	return false
}
