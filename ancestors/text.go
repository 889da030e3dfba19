package ancestors

import (
	"regexp"
	"strings"

	"linienfunk/internal/htmltext"
	"linienfunk/report"
)

var (
	image    = regexp.MustCompile(`!\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)`)
	link     = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]*)(?:\s+"[^"]*")?\)`)
	autolink = regexp.MustCompile(`<((?:https?://|mailto:)[^>\s]+)>`)
	heading  = regexp.MustCompile(`(?m)^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$`)
	ruler    = regexp.MustCompile(`(?m)^ {0,3}(?:[-*_=][ \t]*){3,}$`)
	strong   = regexp.MustCompile(`(\*\*|__)(\S(?:.*?\S)?)(\*\*|__)`)
	emphasis = regexp.MustCompile(`(^|[\s(])[*_](\S(?:[^*_\n]*?\S)?)[*_]($|[\s).,;:!?])`)
	code     = regexp.MustCompile("`+([^`\n]+)`+")
	markup   = regexp.MustCompile(`</?[a-zA-Z][^>]*>`)
	blanks   = regexp.MustCompile(`\n{3,}`)
)

// plainText returns Markdown as plain text: links with their addresses, without marks of emphasis and headings. Lists stay as they are written.
func plainText(markdown string) string {
	text := report.Clean(markdown)
	text = image.ReplaceAllString(text, "$1")
	text = link.ReplaceAllStringFunc(text, func(whole string) string {
		parts := link.FindStringSubmatch(whole)
		if address := strings.TrimPrefix(parts[2], "mailto:"); address != "" && address != parts[1] {
			return parts[1] + " (" + address + ")"
		}
		return parts[1]
	})
	text = autolink.ReplaceAllString(text, "$1")
	text = ruler.ReplaceAllString(heading.ReplaceAllString(text, "$1"), "")
	text = code.ReplaceAllString(emphasis.ReplaceAllString(strong.ReplaceAllString(text, "$2"), "$1$2$3"), "$1")
	if markup.MatchString(text) {
		text = htmltext.Convert(strings.ReplaceAll(text, "\n", "<br>"), htmltext.Rules{})
	}
	return strings.TrimSpace(blanks.ReplaceAllString(report.Clean(text), "\n\n"))
}
