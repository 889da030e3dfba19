package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotedLine recognises a line with the mark of quotations. Alone, and with a number behind it, ">" says "more than". A link that was broken in a
// quotation continues without a mark.
func quotedLine(c cursor) (int, action) {
	marked := func(i int) bool {
		return i >= 0 && i < len(c.lines) && isMarked(strings.TrimSpace(c.lines[i]))
	}
	if line := c.line(); strings.HasPrefix(line, ">>> ") && len(line) <= maxMarker && betweenMarks.MatchString(line) {
		if c.above {
			return 1, cutRest
		}
		return 1, cutAttribution
	}
	if marked(c.at) && (c.attributed || marked(c.at-1) || marked(c.at+1) || !moreThan.MatchString(c.line())) {
		return 1, cutQuotation
	}
	if (c.attributed || c.quoted) && isBar(c.line()) || hasInitials(c, c.at) && (c.attributed || hasInitials(c, c.at-1) || hasInitials(c, c.at+1)) {
		return 1, cutQuotation
	}
	if marked(c.at-1) && !moreThan.MatchString(strings.TrimSpace(c.lines[c.at-1])) && isHalfLink(c.line()) {
		return 1, cutQuotation
	}
	return 0, keep
}

// isMarked reports whether a line without surrounding spaces has the mark of quotations. ">> Look here <<" has not.
func isMarked(line string) bool {
	return strings.HasPrefix(line, ">") && !(strings.HasPrefix(line, ">>") && strings.HasSuffix(line, "<<")) || strings.HasPrefix(line, "＞")
}

func isBar(line string) bool { return strings.HasPrefix(line, "| ") || line == "|" }

var (
	moreThan = regexp.MustCompile(`^>\d`)

	halfLink = regexp.MustCompile(`^[^\s>]*[/=?&%_+.-][^\s>]*[)>\]]{0,3}( >)?$`)
)

// hasInitials reports whether line i has the marks of programs that put the quoted person's initials in front: "EB> text".
func hasInitials(c cursor, i int) bool {
	if i < 0 || i >= len(c.lines) {
		return false
	}
	line := strings.TrimLeft(c.lines[i], " ")
	letters := 0
	for at, r := range line {
		switch {
		case r == '>':
			rest := strings.TrimLeft(line[at:], ">")
			return letters > 0 && (rest == "" || rest[0] == ' ')
		case letters == 4, !unicode.IsLetter(r), letters == 0 && !unicode.IsUpper(r):
			return false
		}
		letters++
	}
	return false
}

// isHalfLink reports whether a line is one word with the signs of a link, at least eight bytes long.
func isHalfLink(line string) bool {
	return len(line) >= 8 && len(line) <= maxMarker && strings.ContainsAny(line, "/=&%_") && halfLink.MatchString(line)
}

const (
	// original are the stems of words that mail programs use for a mail that is answered or forwarded.
	original = `(?:original|originál|ursprüng|ursprung|oprindelig|opprinnelig|origine|originale|oorspronk|oorspronklik|původní|pôvodn|oryginal|` +
		`alkuper|исходн|оригин|пересыла|пересл|` +
		`orijinal|özgün|eredeti|orixinal|orinel|αρχικό|izvorn|izvirn|forwarded|weitergeleitet|weiterleit|doorgest|transfér|transmis|réexp|` +
		`inoltrat|reenviad|rencaminh|encaminhad|` +
		`videresend|vidaresend|vidarebefordr|przekazan|přeposlan|preposlan|továbbít|iletilen|välitetty|原始|原邮件|转发|轉寄|轉發|元のメッセージ|転送|원본|전달)`
	// aMessage are those for a mail.
	aMessage = `(?:message|nachricht|mitteilung|mail|bericht|boodskap|meddelelse|melding|meddelande|besked|messaggio|mensaje|mensagem|wiadomo|` +
		`zpráva|správa|viesti|сообщени|письмо|ileti|mesaj|üzenet|邮件|郵件|信息)`
	answering = `(?:reply|antwort|réponse|respuesta|risposta|svar|odpowied)`
)

var (
	// originalMessage and replyMessage are separators without their dashes.
	originalMessage = regexp.MustCompile(`(?i)(?:^|[\s'’-])` + original)
	replyMessage    = regexp.MustCompile(`(?i)^` + answering + `[ -]` + aMessage + `\pL*$`)
	inlineSeparator = regexp.MustCompile(`(?i)-{3,} ?` + original + `\pL*[ -]` + aMessage + `\pL* ?-{3,}`)

	// beginsForwarded is a separator without dashes, which is one only above a header or a quotation.
	beginsForwarded = compile(`(?i)^\W*(?:[\pL’']+ ){0,4}(?:` + original + `|` + aMessage + `)\pL*(?: [\pL’'-]+){0,3}\s*[:：]\W*$`)
	// notesFrame is part of the frames that Notes draws around each field of a header.
	notesFrame = regexp.MustCompile(`^\|-{6,}>$`)

	forwarded = compile(`(?i)^(begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)|début du (message|` +
		`courriel) (réexpédié|transféré)|inizio messaggio inoltrato)\s*:$`)

	// aboveThisLine is the line of ticket systems, above which people are to answer.
	aboveThisLine = compile(`(?i)^\W*(?:.{0,60}\b(?:reply|answer|respond|response)\b.{0,40} above (?:this|the) line|.{0,60}(?:oberhalb|` +
		`über) dieser (?:linie|zeile)\b.{0,60}antwort|` +
		`.{0,60}antwort.{0,40}(?:oberhalb|über) dieser (?:linie|zeile)).{0,20}$`)
)

// replySeparator recognises the line that mail programs put above a quotation or a forwarded mail.
func replySeparator(c cursor) (int, action) {
	line := c.line()
	switch {
	case line == "":
		return 0, keep
	case isSeparator(line), notesFrame.MatchString(line), strings.HasPrefix(line, "---") && beginsWith(inlineSeparator, line), forwarded.MatchString(line), aboveThisLine.MatchString(line):
		return 1, cutRest
	case isRule(line, 3):
		next, filled := c.next()
		if filled && (isHeaderBlock(next) || unmarkedAttribution(next) > 0 || isRule(line, 10) && isFromField(next.line())) {
			return 1, cutRest
		}
	case inDashes.MatchString(line), strings.HasSuffix(line, ":") && beginsForwarded.MatchString(line):
		next, filled := c.next()
		if filled && (isHeaderBlock(next) || isMarked(next.line()) && strings.HasSuffix(line, ":")) {
			return 1, cutRest
		}
	}
	return 0, keep
}

func beginsWith(pattern *regexp.Regexp, line string) bool {
	at := pattern.FindStringIndex(line)
	return at != nil && at[0] == 0
}

// maxSeparator is the length of the words between the dashes of a separator, in bytes.
const maxSeparator = 90

// isSeparator reports whether a line has words for an original or forwarded message between dashes.
func isSeparator(line string) bool {
	const dashes = "-‐‑–—―_=*"
	words := strings.Trim(line, dashes+" ")
	if words == "" || len(words) > maxSeparator || len(words) == len(line) {
		return false
	}
	before, after, _ := strings.Cut(line, words)
	if utf8.RuneCountInString(strings.Trim(before, " *")) < 2 || utf8.RuneCountInString(strings.Trim(after, " *")) < 2 {
		return false
	}
	return originalMessage.MatchString(words) || replyMessage.MatchString(words)
}

// isRule reports whether a line consists of at least so many dashes, underscores or the like. One long dash is enough.
func isRule(line string, least int) bool {
	line = strings.ReplaceAll(line, " ", "")
	first := []rune(line[:min(len(line), 4)])
	if len(first) == 0 || !strings.ContainsRune("-‐‑–—―─━_=*~#·•", first[0]) {
		return false
	}
	for _, r := range line {
		if r != first[0] {
			return false
		}
	}
	return strings.Count(line, string(first[0])) >= least || first[0] == '—' && least <= 2
}
