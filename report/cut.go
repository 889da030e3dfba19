package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cut shortens text to at most limit characters (runes) including an ellipsis, at the end of a word if there is one in the second half.
// A limit below one returns the empty string.
func Cut(text string, limit int) string {
	if limit < 1 {
		return ""
	}
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	runes := []rune(text)[:limit]
	end := limit - 1
	for i := end; i > limit/2; i-- {
		if unicode.IsSpace(runes[i]) {
			end = i
			break
		}
	}
	return strings.TrimRightFunc(string(runes[:end]), unicode.IsSpace) + "…"
}

// Clean makes text valid for a Report: UTF-8, lines ending in \n, no control characters, no space around it, no link that tells a mailbox, at most
// MaxText bytes.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(withoutMailboxes(text))
	if len(text) > MaxText {
		end := MaxText - len("…")
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = strings.TrimSpace(text[:end]) + "…"
	}
	return text
}
