package htmltext

import (
	"iter"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Attribute is the value of a tag's attribute, empty if it has none.
func Attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// HasClass reports whether a tag has a class, in just this case.
func HasClass(t html.Token, class string) bool {
	return slices.Contains(strings.Fields(Attribute(t, "class")), class)
}

// Texts returns the texts in the tokens of a balanced element (see Action.Replace), each with the start tags of the elements it is in. The
// slice of tags is valid until the next text.
func Texts(tokens []html.Token) iter.Seq2[string, []html.Token] {
	return func(yield func(string, []html.Token) bool) {
		var open []html.Token
		for _, t := range tokens {
			switch {
			case t.Type == html.TextToken && !yield(t.Data, open):
				return
			case t.Type == html.StartTagToken && !isVoid(t.DataAtom):
				open = append(open, t)
			case t.Type == html.EndTagToken && len(open) > 0:
				open = open[:len(open)-1]
			}
		}
	}
}
