package twitter

import (
	"regexp"
	"strings"

	"linienfunk/report"
)

// shortLink is a link as it is in texts of X, and its destination.
type shortLink struct {
	short, long string
	media       bool // a picture or a film of the post itself
}

// ownMedia are the addresses of pictures and films of a post or a message, which name its author. Not every answer marks them.
var ownMedia = regexp.MustCompile(`^https?://(?:\w+\.)?(?:x|twitter)\.com/(?:\w+/status/\d+/(?:photo|video)/|messages/media/)`)

// escaped are the only characters that X escapes: a typed &copy; stays as it is.
var escaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// typedText returns a post's text as it was typed, without the mention of the account: X shortens links, adds one for each picture, and writes &amp; &lt; &gt;
// (https://docs.x.com/x-api/fundamentals/data-dictionary).
func typedText(text, handle string, links []shortLink) string {
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

// leadingMentions are the names that X puts before a reply: the author of the post and those mentioned in it
// (https://help.x.com/en/using-x/mentions-and-replies).
var leadingMentions = regexp.MustCompile(`^(?:[@＠][A-Za-z0-9_]{1,20}(?:\s+|$))+`)

// replyText returns the text of a reply without the names before it, which its author neither typed nor sees: they may name the
// author of the report that is replied to.
func replyText(text string) string { return leadingMentions.ReplaceAllString(text, "") }
