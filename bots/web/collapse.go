package web

import (
	"strings"
	"unicode/utf8"

	"linienfunk/report"
)

// A post of more than maxWhole characters or lines is cut to maxShown, and the rest is collapsed: a mail may have 8,190 characters,
// and would push all other reports off the screen. A text from the form is never collapsed.
const (
	maxWholeChars, maxWholeLines = 600, 15
	maxShownChars, maxShownLines = 500, 12
)

// collapse splits a long text in two, between words. rest is empty for a short text.
func collapse(text string) (head, rest string) {
	if utf8.RuneCountInString(text) <= maxWholeChars && strings.Count(text, "\n") < maxWholeLines {
		return text, ""
	}
	head = text
	if lines := strings.SplitN(text, "\n", maxShownLines+1); len(lines) > maxShownLines {
		head = strings.Join(lines[:maxShownLines], "\n")
	}
	head = strings.TrimSuffix(report.Cut(head, maxShownChars), "…")
	return head + "…", strings.TrimSpace(text[len(head):])
}
