package web

import (
	"strings"
	"unicode/utf8"

	"linienfunk/report"
)

// A post that is longer than the first two is shown up to the last two, and folded behind that: a mail may have 8,190
// characters, and would push all other reports off the screen. What the form takes is never folded.
const (
	wholeChars, wholeLines = 600, 15
	shownChars, shownLines = 500, 12
)

// fold cuts a long text in two, at a word. rest is empty if there is nothing to fold.
func fold(text string) (head, rest string) {
	if utf8.RuneCountInString(text) <= wholeChars && strings.Count(text, "\n") < wholeLines {
		return text, ""
	}
	head = text
	if lines := strings.SplitN(text, "\n", shownLines+1); len(lines) > shownLines {
		head = strings.Join(lines[:shownLines], "\n")
	}
	head = strings.TrimSuffix(report.Cut(head, shownChars), "…")
	return head + "…", strings.TrimSpace(text[len(head):])
}
