package twitter

import (
	"regexp"
	"strings"

	"linienfunk/bots/twitter/tweettext"
	"linienfunk/report"
)

// shortLink is a link as it is in texts of X, and its destination.
type shortLink struct {
	short, long string
	media       bool // a picture or a film of the post itself
}

// ownMedia are the addresses of pictures and films of a post or a message, which name its author. Not every answer marks them.
var ownMedia = regexp.MustCompile(`^https?://(?:\w+\.)?(?:x|twitter)\.com/(?:\w+/status/\d+/(?:photo|video)/|messages/media/)`)

// someonesPost is the address of a post or an article, with the name of its author: https://x.com/name/status/1 and any path behind it, also at
// the sites that show posts of X, where only the length of the number tells. X itself writes an i for the name, and finds the post by its number.
var someonesPost = regexp.MustCompile(`(?i)(?:https?://)?(?:(?:[a-z0-9-]+\.)*(?:x|twitter)\.com/(?:#!/)?@?\w{1,20}/(?:status(?:es)?|(articles?))/(\d{1,20})|` +
	`(?:[a-z0-9-]+\.)+[a-z]{2,}/@?\w{1,20}/status/(\d{11,20}))(?:[/?#][^\s<>"]*[\w/=#-])?`)

// withoutAuthor replaces the address of a post by one that does not name its author.
func withoutAuthor(text string) string {
	return someonesPost.ReplaceAllStringFunc(text, func(address string) string {
		found := someonesPost.FindStringSubmatch(address)
		if found[1] != "" {
			return "https://x.com/i/article/" + found[2]
		}
		return "https://x.com/i/status/" + found[2] + found[3]
	})
}

// isPost reports whether an address is that of the post with an id.
func isPost(address, id string) bool {
	found := someonesPost.FindStringSubmatch(address)
	return found != nil && id != "" && found[2] == id
}

// escaped are the only characters that X escapes: a typed &copy; stays as it is.
var escaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// typedText returns a post's text as it was typed, without the mention of the account: X shortens links, adds one for each picture and for a
// quoted post, and writes &amp; &lt; &gt; (https://docs.x.com/x-api/fundamentals/data-dictionary). No address in it names the author of a post. That of
// the quoted post is left out, unless there is nothing else.
func typedText(text, handle, quoted string, links []shortLink) string {
	typed := expandedText(text, handle, quoted, links)
	if typed == "" && quoted != "" {
		return expandedText(text, handle, "", links)
	}
	return typed
}

func expandedText(text, handle, quoted string, links []shortLink) string {
	text = escaped.Replace(text) // before the addresses, which are not escaped
	for _, l := range links {
		switch {
		case l.short == "":
		case l.media, ownMedia.MatchString(l.long), isPost(l.long, quoted):
			if without := strings.ReplaceAll(text, l.short, ""); without != text {
				text = tweettext.Tidy(without)
			}
		case l.long != "":
			text = strings.ReplaceAll(text, l.short, l.long)
		}
	}
	text = withoutAuthor(text)
	if !userName.MatchString(handle) {
		return report.Clean(text)
	}
	mention := regexp.MustCompile(`(?i)(^|[^\w@/])[@＠]` + regexp.QuoteMeta(handle) + `\b`)
	// Twice: of two mentions side by side the first takes the space before the second.
	without := mention.ReplaceAllString(mention.ReplaceAllString(text, "$1"), "$1")
	if without != text {
		text = strings.TrimLeft(tweettext.Tidy(without), ":, ")
	}
	return report.Clean(text)
}

// leadingMentions are the names that X puts before a reply: the author of the post and those mentioned in it
// (https://help.x.com/en/using-x/mentions-and-replies).
var leadingMentions = regexp.MustCompile(`^(?:[@＠][A-Za-z0-9_]{1,20}(?:\s+|$))+`)

// replyText returns the text of a reply without the names before it, which its author neither typed nor sees: they may name the
// author of the report that is replied to.
func replyText(text string) string { return leadingMentions.ReplaceAllString(text, "") }
