package text

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is what a person reads in a page of HTML, as lines of text, without quotations of earlier mails. It works
// on tokens, not on a tree: a message of 256 KB can make a tree that costs much more.
func htmlText(page string) string {
	w := &htmlWriter{}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for !w.ended {
		switch tokens.Next() {
		case html.ErrorToken:
			return w.out.String()
		case html.TextToken:
			w.text(string(tokens.Text()))
		case html.StartTagToken:
			w.start(tokens.Token())
		case html.SelfClosingTagToken:
			if token := tokens.Token(); token.DataAtom == atom.Br || token.DataAtom == atom.Hr {
				w.start(token)
			}
		case html.EndTagToken:
			w.end(tokens.Token())
		}
	}
	return w.out.String()
}

type htmlWriter struct {
	out     strings.Builder
	skipped string // name of the element that is left out, empty for none
	depth   int    // of elements of this name in it
	pre     int
	space   bool // a space is due before the next word
	line    bool // something stands on this line
	ended   bool // nothing of the rider's comes any more
}

func (w *htmlWriter) start(t html.Token) {
	if w.skipped != "" {
		if t.Data == w.skipped {
			w.depth++
		}
		return
	}
	switch {
	case separates(t):
		w.ended = true
	case hidden(t):
		if t.DataAtom == atom.Blockquote {
			w.mark()
		}
		w.skipped, w.depth = t.Data, 1
	case t.DataAtom == atom.Br:
		w.newline()
	case t.DataAtom == atom.Pre:
		w.pre++
		w.block()
	case t.DataAtom == atom.Li:
		w.block()
		w.text("- ")
	case t.DataAtom == atom.Td, t.DataAtom == atom.Th:
		w.space = w.line
	case isBlock(t.DataAtom):
		w.block()
	}
}

func (w *htmlWriter) end(t html.Token) {
	if w.skipped != "" {
		if t.Data == w.skipped {
			if w.depth--; w.depth == 0 {
				w.skipped = ""
			}
		}
		return
	}
	switch {
	case t.DataAtom == atom.Pre:
		w.pre = max(w.pre-1, 0)
		w.block()
	case t.DataAtom == atom.P:
		w.block()
		w.newline()
	case isBlock(t.DataAtom):
		w.block()
	}
}

func (w *htmlWriter) text(s string) {
	if w.skipped != "" {
		return
	}
	if w.pre > 0 {
		w.out.WriteString(s)
		w.line = s != "" && !strings.HasSuffix(s, "\n")
		return
	}
	for i, word := range strings.FieldsFunc(s, isSpace) {
		if i > 0 || isSpace(rune(s[0])) || w.space {
			if w.line {
				w.out.WriteByte(' ')
			}
		}
		w.out.WriteString(word)
		w.line, w.space = true, false
	}
	if s != "" && isSpace(rune(s[len(s)-1])) {
		w.space = w.line
	}
}

func (w *htmlWriter) block() {
	if w.line {
		w.newline()
	}
}

func (w *htmlWriter) newline() {
	w.out.WriteByte('\n')
	w.line, w.space = false, false
}

// mark leaves the mark of a quotation where one is left out: cut then finds the line in front that says who wrote it.
func (w *htmlWriter) mark() {
	w.block()
	w.text(">")
	w.block()
}

// isSpace leaves out the no-break space, which is text in HTML.
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Tr, atom.Table, atom.Ul, atom.Ol, atom.Li, atom.Hr, atom.H1, atom.H2, atom.H3, atom.H4,
		atom.H5, atom.H6, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Address, atom.Dl,
		atom.Dt, atom.Dd, atom.Body, atom.Form, atom.Fieldset, atom.Main, atom.Figure:
		return true
	}
	return false
}

// hidden says whether an element is left out with all that is in it: nobody sees it, or it quotes. Programs mark
// quotations by these classes: gmail_quote and gmail_signature (Gmail), moz-cite-prefix and moz-signature
// (Thunderbird), yahoo_quoted, protonmail_quote, tutanota_quote, zmail_extra (Zoho).
func hidden(t html.Token) bool {
	switch t.DataAtom {
	case atom.Head:
		return false // often not closed; what is in it is left out by name
	case atom.Script, atom.Style, atom.Title, atom.Blockquote, atom.Template, atom.Noscript, atom.Svg, atom.Select, atom.Textarea:
		return true
	}
	if void(t.DataAtom) {
		return false
	}
	for _, a := range t.Attr {
		value := strings.ToLower(a.Val)
		switch a.Key {
		case "class":
			for _, class := range strings.Fields(value) {
				switch class {
				case "gmail_quote", "gmail_attr", "gmail_signature", "moz-cite-prefix", "moz-signature", "yahoo_quoted",
					"protonmail_quote", "tutanota_quote", "zmail_extra", "k9mail-signature":
					return true
				}
			}
		case "style":
			if strings.Contains(strings.ReplaceAll(value, " ", ""), "display:none") {
				return true
			}
		case "hidden":
			return true
		}
	}
	return false
}

// separates says whether everything that follows is quoted: Outlook puts an empty element in front of it.
func separates(t html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "id" {
			switch strings.TrimPrefix(strings.ToLower(a.Val), "x_") {
			case "divrplyfwdmsg", "appendonsend", "olk_src_body_section", "mail-editor-reference-message-container":
				return true
			}
		}
	}
	return false
}

func void(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Col, atom.Area, atom.Base, atom.Wbr, atom.Source:
		return true
	}
	return false
}
