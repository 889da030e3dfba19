package text

import (
	"regexp"
	"strings"
)

// quotedLine recognises a line with the mark of quotations. Alone, and with a number behind it, ">" says "more than".
func quotedLine(c cursor) (int, action) {
	marked := func(i int) bool {
		return i >= 0 && i < len(c.lines) && strings.HasPrefix(strings.TrimSpace(c.lines[i]), ">")
	}
	if marked(c.at) && (c.attributed || marked(c.at-1) || marked(c.at+1) || !moreThan.MatchString(c.line())) {
		return 1, cutQuotation
	}
	return 0, keep
}

var moreThan = regexp.MustCompile(`^>\d`)

var (
	// separator is a reply separator or that of a forwarded mail, in a line of its own.
	separator = regexp.MustCompile(`(?i)^-{2,}\s*(original message|original appointment|forwarded message|reply message|` +
		`ursprüngliche (nachricht|mail)|original-?nachricht|originalnachricht|weitergeleitete nachricht|` +
		`message d'origine|message transféré|mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato|` +
		`oorspronkelijk bericht|doorgestuurd bericht)( \w+)?\s*-{2,}$`)
	forwardedBegin = regexp.MustCompile(`(?i)^(begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)|` +
		`début du message réexpédié|inizio messaggio inoltrato)\s*:$`)
)

// replySeparator recognises the line that mail programs put above a quotation or a forwarded mail.
func replySeparator(c cursor) (int, action) {
	if line := c.line(); separator.MatchString(line) || forwardedBegin.MatchString(line) {
		return 1, cutRest
	}
	return 0, keep
}

var (
	headerFrom = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|od)\s?:\*? .+`)
	headerRest = regexp.MustCompile(`(?i)^\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|para|asunto|` +
		`inviato|a|oggetto|verzonden|aan|onderwerp|reply-to|antwort an)\s?:\*?( .*)?$`)
	headerDate    = regexp.MustCompile(`(?i)^\*?(sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden)\s?:`)
	headerSubject = regexp.MustCompile(`(?i)^\*?(subject|betreff|objet|asunto|oggetto|onderwerp)\s?:`)

	longRule = regexp.MustCompile(`^[_-]{10,}$`)
)

// headerBlock recognises the header that Outlook and others put above a quotation.
func headerBlock(c cursor) (int, action) {
	if isHeaderBlock(c.rest()) {
		return 1, cutRest
	}
	return 0, keep
}

// isHeaderBlock wants From in the first line and two other fields soon below it. Without an address in From these must be date and
// subject: riders write "from: zoo, to: alex", too.
func isHeaderBlock(lines []string) bool {
	if longRule.MatchString(strings.TrimSpace(lines[0])) {
		return headerFrom.MatchString(firstFilled(lines[1:]))
	}
	if !headerFrom.MatchString(strings.TrimSpace(lines[0])) {
		return false
	}
	count, date, subject := 0, false, false
	for _, line := range lines[1:min(len(lines), 7)] {
		line = strings.TrimSpace(line)
		if headerRest.MatchString(line) {
			count++
		}
		date, subject = date || headerDate.MatchString(line), subject || headerSubject.MatchString(line)
	}
	return count >= 2 && (strings.Contains(lines[0], "@") || date && subject)
}
