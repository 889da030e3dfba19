package mastodon

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"linienfunk/bots"
)

// options are the options of a city for its account.
func options() []bots.Option {
	return []bots.Option{
		{Name: "enabled", Kind: bots.Switch, Default: true},
		{Name: "repost", Kind: bots.Choice, Default: "copy", Choices: []string{"copy", "boost"}},
		{Name: "visibility", Kind: bots.Choice, Default: "public", Choices: []string{"public", "unlisted"}},
		{Name: "hashtag", Kind: bots.Text, Default: "", Max: 60},
		{Name: "warning", Kind: bots.Text, Default: "", Max: 100},
		{Name: "language", Kind: bots.Text, Default: "", Max: 3},
		{Name: "reply", Kind: bots.Switch, Default: false},
		{Name: "hold_new", Kind: bots.Switch, Default: false},
	}
}

// style has a city's options for its posts.
type style struct {
	visibility string   // public, or unlisted: for followers and on the profile, but in no public timeline
	tags       []string // without #
	warning    string   // readers have to open the post
	language   string   // ISO 639; empty leaves it to the account's own setting
}

func styleOf(city bots.City) style {
	s := style{
		visibility: "public", tags: hashtags(city.Options.Text("hashtag")),
		warning: strings.TrimSpace(city.Options.Text("warning")), language: languageCode(city.Options.Text("language")),
	}
	if city.Options.Text("visibility") == "unlisted" {
		s.visibility = "unlisted"
	}
	if s.language == "" {
		s.language = languageCode(city.Lang)
	}
	return s
}

var code639 = regexp.MustCompile(`^[a-z]{2,3}$`)

// languageCode returns the code that an admin typed, or "" if it is not one: GoToSocial refuses posts with an invalid code.
func languageCode(typed string) string {
	if typed = strings.ToLower(strings.TrimSpace(typed)); code639.MatchString(typed) {
		return typed
	}
	return ""
}

// hashtags returns the hashtags that an admin typed, with or without #. A hashtag has letters, digits and _, and at least one letter
// (HASHTAG_RE in app/models/tag.rb of Mastodon); other characters are removed.
func hashtags(typed string) []string {
	var tags []string
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return unicode.IsSpace(r) || r == '#' || r == ',' }) {
		word = strings.Map(func(r rune) rune {
			if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, word)
		if strings.ContainsFunc(word, unicode.IsLetter) {
			tags = append(tags, word)
		}
	}
	return tags
}

// compose returns the text of a post: as much of the report as fits beside its state, the hashtags and the warning. Hashtags
// in the report are not repeated.
func (s style) compose(text, state string, l limits) string {
	text = defuseMentions(text)
	l.Characters -= utf8.RuneCountInString(s.warning)
	tail := ""
	for _, tag := range s.tags {
		if !tagged(text, tag) {
			tail += " #" + tag
		}
	}
	if tail != "" {
		tail = "\n\n" + tail[1:]
	}
	if state != "" {
		tail = "\n\n" + state + tail
	}
	if room := l.Characters - utf8.RuneCountInString(tail); room > l.Characters/2 {
		l.Characters = room
	} else {
		tail = "" // the report matters more
	}
	return truncate(text, l) + tail
}

// tagged reports whether a text has the hashtag, in any case.
func tagged(text, tag string) bool {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '#' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if strings.EqualFold(word, "#"+tag) {
			return true
		}
	}
	return false
}
