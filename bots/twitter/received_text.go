package twitter

import (
	"regexp"
	"strings"

	"linienfunk/report"
)

// shortened is a link as X shows it in texts, and where it leads to.
type shortened struct {
	short, long string
	media       bool // a picture or a film of the post itself
}

// ownMedia are the addresses of pictures and films of a post or a message, which name its author. Not every answer marks them.
var ownMedia = regexp.MustCompile(`^https?://(?:\w+\.)?(?:x|twitter)\.com/(?:\w+/status/\d+/(?:photo|video)/|messages/media/)`)

// escaped are the characters that X escapes, and no others: whoever types &copy; means just that.
var escaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is the text that somebody typed: X shortens links, adds one for each picture, and writes &amp; &lt; &gt;
// (https://docs.x.com/x-api/fundamentals/data-dictionary). The mention of the account is left out.
func plain(text, handle string, links []shortened) string {
	text = escaped.Replace(text) // before the addresses, which are not escaped
	for _, l := range links {
		switch {
		case l.short == "":
		case l.media, ownMedia.MatchString(l.long):
			text = strings.ReplaceAll(text, l.short, "")
		case l.long != "":
			text = strings.ReplaceAll(text, l.short, l.long)
		}
	}
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

// addressees are what X writes before an answer: whom it answers, and whom they had mentioned
// (https://help.x.com/en/using-x/mentions-and-replies).
var addressees = regexp.MustCompile(`^(?:[@＠][A-Za-z0-9_]{1,20}(?:\s+|$))+`)

// answerText is the text of an answer without what its author did not type, and does not see: the names of other riders, who
// may have made the report that is answered.
func answerText(text string) string { return addressees.ReplaceAllString(text, "") }
