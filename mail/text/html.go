package text

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"linienfunk/internal/htmltext"
)

// fromHTML is the text of a page that its author wrote and that is shown: without quotations and signatures that a mail program has marked.
// It does not balance the page, since a tree of 256 KB can cost much more.
// If nothing is left, what a program has marked or hidden in another way than browsers do by themselves is the text.
func fromHTML(page string) string {
	text := htmltext.Convert(page, htmltext.Rules{Element: cutElement})
	if strings.Trim(text, ">\n ") == "" {
		text = htmltext.Convert(page, htmltext.Rules{Element: cutQuotedElement})
	}
	return text
}

// cutElement decides about an element by its start tag. A quotation leaves its mark, so that Cut finds the attribution line above it, and an element
// below which a signature begins the line that separates signatures.
func cutElement(t html.Token) htmltext.Action {
	if action := cutQuotedElement(t); action.Skip || action.Stop || t.DataAtom == atom.Head || t.DataAtom == atom.Body || t.DataAtom == atom.Html {
		return action
	}
	switch {
	case isSignatureElement(t) && t.DataAtom == atom.Br:
		return htmltext.Action{Skip: true, Mark: "--"}
	case isSignatureElement(t), isInvisible(t):
		return htmltext.Action{Skip: true}
	}
	return htmltext.Action{}
}

// cutQuotedElement does so for quotations and for what browsers do not show.
func cutQuotedElement(t html.Token) htmltext.Action {
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

// replySeparators are ids of the empty element that Outlook, Zimbra and others put above a quotation, which is everything that follows. Outlook puts "x_" in
// front of the ids in a quotation.
var replySeparators = []string{"divrplyfwdmsg", "appendonsend", "olk_src_body_section", "mail-editor-reference-message-container", "zwchr", "isreplycontent", "isforwardcontent"}

func isReplySeparator(t html.Token) bool {
	return slices.Contains(replySeparators, strings.TrimPrefix(strings.ToLower(htmltext.Attribute(t, "id")), "x_")) ||
		htmltext.Attribute(t, "data-marker") == "__QUOTED_TEXT__" || htmltext.Attribute(t, "class") == "OutlookMessageHeader"
}

// programClasses are classes by which programs mark quotations, attribution lines and signatures: Gmail, Thunderbird (moz), Yahoo, Proton, Tutanota,
// Zoho (zmail), K-9 and Airmail (bloop).
var programClasses = []string{
	"gmail_quote", "gmail_attr", "gmail_signature", "moz-cite-prefix", "moz-signature", "moz-forward-container", "yahoo_quoted", "protonmail_quote",
	"tutanota_quote", "zmail_extra", "k9mail-signature", "airmail_on", "bloop_sign",
}

// quoteClass is a class of all programs that call a quotation so: "missive_quote", "front-blockquote".
var quoteClass = regexp.MustCompile(`^(?:[a-z]+[-_])?(?:block)?quote$`)

// programNames are values of the attribute name: GMX and WEB.DE, and Spark.
var programNames = []string{"quote", "messagereplysection", "messagesignaturesection"}

func isMarkedByProgram(t html.Token) bool {
	if slices.Contains(programNames, strings.ToLower(htmltext.Attribute(t, "name"))) && t.DataAtom == atom.Div {
		return true
	}
	return slices.ContainsFunc(strings.Fields(strings.ToLower(htmltext.Attribute(t, "class"))), func(class string) bool {
		return t.DataAtom == atom.Div && quoteClass.MatchString(class) || slices.Contains(programClasses, strings.TrimPrefix(class, "x_")) || strings.HasSuffix(class, "yahoo_quoted")
	})
}

// isSignatureElement recognises the signatures of all programs that call them so: in the id Outlook on the Web (Signature), Apple Mail
// (AppleMailSignature, lineBreakAtBeginningOfSignature), Samsung and Yahoo, in the class Proton, Open-Xchange, GMX and WEB.DE, in the name
// others. Roundcube and Zimbra shorten the word.
func isSignatureElement(t html.Token) bool {
	if t.Data == "signature" { // Mailspring
		return true
	}
	for _, a := range t.Attr {
		switch value := strings.ToLower(a.Val); a.Key {
		case "id", "class", "name", "data-marker", "data-type":
			if strings.Contains(value, "signature") || value == "_rc_sig" || strings.HasPrefix(value, "__sig_") {
				return true
			}
		}
	}
	return false
}

// isHidden reports whether browsers do not show an element.
func isHidden(t html.Token) bool {
	style := styleOf(t)
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || strings.Contains(style, "mso-hide:all") ||
		slices.ContainsFunc(t.Attr, func(a html.Attribute) bool { return a.Key == "hidden" })
}

var (
	noHeight = regexp.MustCompile(`(?:^|;)(?:max-)?height:0(?:\.0*)?(?:px|pt|em)?(?:!important)?(?:;|$)`)
	noSize   = regexp.MustCompile(`(?:^|;)(?:font-size|opacity):0(?:\.0*)?(?:px|pt|em|rem|%)?(?:!important)?(?:;|$)`)
)

// isInvisible reports whether an element has no size: the texts that mail programs show in their lists ("preheaders") are hidden like that.
func isInvisible(t html.Token) bool {
	style := styleOf(t)
	return style != "" && (noSize.MatchString(style) || strings.Contains(style, "overflow:hidden") && noHeight.MatchString(style))
}

// styleOf is an element's style in small letters, without spaces.
func styleOf(t html.Token) string {
	return strings.Join(strings.Fields(strings.ToLower(htmltext.Attribute(t, "style"))), "")
}
