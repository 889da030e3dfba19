package twitter

import (
	"html"
	"regexp"
	"strings"

	"linienfunk/report"
)

// shortened is a link as X shows it in texts, and where it leads to.
type shortened struct {
	short, long string
	media       bool // a picture or a film of the post itself
}

// plain is the text that somebody typed: X shortens links, adds one for each picture, and writes &amp; &lt; &gt;
// (https://docs.x.com/x-api/fundamentals/data-dictionary). The mention of the account is left out.
func plain(text, handle string, links []shortened) string {
	for _, l := range links {
		switch {
		case l.short == "":
		case l.media:
			text = strings.ReplaceAll(text, l.short, "")
		case l.long != "":
			text = strings.ReplaceAll(text, l.short, l.long)
		}
	}
	text = html.UnescapeString(text)
	if !userName.MatchString(handle) {
		return report.Clean(text)
	}
	mention := regexp.MustCompile(`(?i)(^|[^\w@/])[@＠]` + regexp.QuoteMeta(handle) + `\b`)
	// Twice: of two mentions side by side the first takes the space before the second.
	without := mention.ReplaceAllString(mention.ReplaceAllString(text, "$1"), "$1")
	if without != text {
		text = strings.TrimLeft(tidy(without), ":, ")
	}
	return report.Clean(text)
}
