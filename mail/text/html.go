package text

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"linienfunk/internal/htmltext"
)

// fromHTML is the text of a page that its author wrote and that is shown: without quotations and signatures that a mail program has marked.
// It does not balance the page, since a tree of 256 KB can cost much more.
func fromHTML(page string) string { return htmltext.Convert(page, htmltext.Rules{Element: cutElement}) }

// cutElement decides about an element by its start tag. A quotation leaves its mark, so that Cut finds the attribution line above it.
func cutElement(t html.Token) htmltext.Action {
	switch {
	case isReplySeparator(t):
		return htmltext.Action{Stop: true}
	case t.DataAtom == atom.Blockquote:
		return htmltext.Action{Skip: true, Mark: ">"}
	case t.DataAtom != atom.Head && (isHidden(t) || isMarkedByProgram(t)): // head is often not closed
		return htmltext.Action{Skip: true}
	}
	return htmltext.Action{}
}

// replySeparators are ids of the empty element that Outlook puts above a quotation, which is everything that follows. Outlook puts "x_" in front of the ids
// in a quotation.
var replySeparators = []string{"divrplyfwdmsg", "appendonsend", "olk_src_body_section", "mail-editor-reference-message-container"}

func isReplySeparator(t html.Token) bool {
	return slices.Contains(replySeparators, strings.TrimPrefix(strings.ToLower(htmltext.Attribute(t, "id")), "x_"))
}

// programClasses are classes by which programs mark quotations, attribution lines and signatures: Gmail, Thunderbird (moz), Yahoo, Proton, Tutanota,
// Zoho (zmail) and K-9.
var programClasses = []string{
	"gmail_quote", "gmail_attr", "gmail_signature", "moz-cite-prefix", "moz-signature", "yahoo_quoted", "protonmail_quote", "tutanota_quote",
	"zmail_extra", "k9mail-signature",
}

func isMarkedByProgram(t html.Token) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(htmltext.Attribute(t, "class"))), func(class string) bool {
		return slices.Contains(programClasses, class)
	})
}

// isHidden reports whether browsers do not show an element.
func isHidden(t html.Token) bool {
	style := strings.ReplaceAll(strings.ToLower(htmltext.Attribute(t, "style")), " ", "")
	return strings.Contains(style, "display:none") || slices.ContainsFunc(t.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
}
