package text

import (
	"regexp"
	"strings"
)

// Limits of what is looked at.
const (
	maxMark = 400       // bytes of a line that may mark a quotation
	maxCut  = 128 << 10 // bytes of a text; a report has 8 KB
)

// cut leaves of a mail's text what its author wrote: no quotations, no signature, no name below a greeting.
func cut(text string) string { return cutting(text, withoutName) }

// cutLess is cut, but leaves what may be a name: a mail that has nothing else may be one of two words, such as "Kontrolle Zoo".
func cutLess(text string) string {
	return cutting(text, func(lines []string, _ int) []string { return lines })
}

func cutting(text string, nameless func(lines []string, advert int) []string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u202f", " ").Replace(text)
	text = disarm(text)
	if len(text) > maxCut {
		text = strings.ToValidUTF8(text[:maxCut], "")
	}
	lines := strings.Split(text, "\n")
	var kept, answer []string // answer is what was kept since the last quotation
	advertised := -1          // where in answer an advertisement stood
	attributed := false       // the last line that is not blank says who wrote what follows
	end := func() {
		kept = append(kept, nameless(answer, advertised)...)
		answer, advertised = nil, -1
	}
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if quoted(lines, i, attributed) {
			end()
			attributed = false
			continue
		}
		attributed = attributed && line == ""
		if len(line) > maxMark { // no mark of a program, and too long for the expressions below
			answer = append(answer, line)
			continue
		}
		if isSignature(lines[i]) || isSeparator(line) || isHeaderBlock(lines[i:]) {
			break
		}
		n := attribution(lines[i:])
		if n > 0 && !strings.HasPrefix(next(lines[i+n:]), ">") {
			break // all that follows is quoted, without marks
		}
		if n = max(n, quoteHead(lines[i:])); n > 0 {
			end()
			i += n - 1
			attributed = true
			continue
		}
		if advert.MatchString(line) {
			advertised = len(answer)
			continue
		}
		if line != "" {
			answer = append(answer, withoutWriter(strings.TrimRight(lines[i], " \t")))
		} else if len(answer) == 0 || answer[len(answer)-1] != "" {
			answer = append(answer, "") // one: a mail may have very many blank lines
		}
	}
	end()
	return strings.TrimSpace(blank.ReplaceAllString(strings.Join(kept, "\n"), "\n\n"))
}

// quoted knows a line with the mark of quotations. Alone, and with a number behind it, it says "more than".
func quoted(lines []string, i int, attributed bool) bool {
	marked := func(i int) bool {
		return i >= 0 && i < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i]), ">")
	}
	if !marked(i) {
		return false
	}
	return attributed || marked(i-1) || marked(i+1) || !moreThan.MatchString(strings.TrimSpace(lines[i]))
}

var moreThan = regexp.MustCompile(`^>\d`)

// disarm takes the text out of a cleartext signature of OpenPGP (RFC 9580, section 7).
func disarm(text string) string {
	_, signed, found := strings.Cut(text, "-----BEGIN PGP SIGNED MESSAGE-----\n")
	if !found {
		return text
	}
	if _, body, found := strings.Cut(signed, "\n\n"); found {
		signed = body
	}
	signed, _, _ = strings.Cut(signed, "\n-----BEGIN PGP SIGNATURE-----")
	return strings.TrimPrefix(strings.ReplaceAll("\n"+signed, "\n- ", "\n"), "\n")
}

var blank = regexp.MustCompile(`\n{3,}`)

// isSignature knows the line of RFC 3676, section 4.3, also when its space has been lost.
func isSignature(line string) bool {
	line = strings.TrimRight(line, "\r")
	return line == "-- " || line == "--"
}

// next is the next line that is not blank.
func next(lines []string) string {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

var (
	// separator stands in front of a quotation or a forwarded mail, in a line of its own.
	separator = regexp.MustCompile(`(?i)^-{2,}\s*(original message|original appointment|forwarded message|reply message|` +
		`ursprüngliche (nachricht|mail)|original-?nachricht|originalnachricht|weitergeleitete nachricht|` +
		`message d'origine|message transféré|mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato|` +
		`oorspronkelijk bericht|doorgestuurd bericht)( \w+)?\s*-{2,}$`)
	begin = regexp.MustCompile(`(?i)^(begin forwarded message|anfang der weitergeleiteten (nachricht|e-mail)|` +
		`début du message réexpédié|inizio messaggio inoltrato)\s*:$`)

	// advert is what mail programs add below a text.
	advert = regexp.MustCompile(`(?i)^(sent from (my|mail for|outlook|yahoo|samsung|proton|the|an?) ?.{0,70}|` +
		`sent (via|with|using) .{0,70}(mail|app|iphone|android|outlook|proton|secure email)\.?.{0,40}|` +
		`get \[?outlook for .{0,100}|von mein\w* .{1,60} (gesendet|geschickt)\.?|gesendet von mein\w* .{1,70}|` +
		`gesendet von (outlook|mail|yahoo|samsung|proton)\b.{0,70}|gesendet (mit|über|via) .{1,70}|` +
		`diese nachricht wurde von mein\w* .{1,60} gesendet\.?|(holen sie sich )?outlook für .{1,100}|` +
		`please excuse my brevity\.?|bitte entschuldigen sie (die|meine) kürze\.?|` +
		`envoyé (de|depuis) .{1,60}|enviado desde .{1,60}|inviato da .{1,60}|verzonden (vanaf|met) .{1,60}|` +
		`virenfrei\.? ?.{0,60}|virus-free\.? ?.{0,60})$`)
)

func isSeparator(line string) bool { return separator.MatchString(line) || begin.MatchString(line) }

var (
	headerFrom = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|od)\s?:\*? .+`)
	headerRest = regexp.MustCompile(`(?i)^\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|para|asunto|` +
		`inviato|a|oggetto|verzonden|aan|onderwerp|reply-to|antwort an)\s?:\*?( .*)?$`)
	headerDate    = regexp.MustCompile(`(?i)^\*?(sent|date|gesendet|datum|envoyé|enviado|inviato|verzonden)\s?:`)
	headerSubject = regexp.MustCompile(`(?i)^\*?(subject|betreff|objet|asunto|oggetto|onderwerp)\s?:`)

	rule = regexp.MustCompile(`^[_-]{10,}$`)
)

// isHeaderBlock knows the header that Outlook and others put in front of a quotation: From, and soon two of its
// companions. Without an address in From these must be date and subject: riders write "from: zoo, to: alex", too.
func isHeaderBlock(lines []string) bool {
	if rule.MatchString(strings.TrimSpace(lines[0])) {
		return headerFrom.MatchString(next(lines[1:]))
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

// unflow joins the lines of format=flowed (RFC 3676): a line that ends in a space goes on in the next one, unless it
// is quoted deeper or less. With delsp that space is no part of the text.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	quote, flowing := 0, false
	for line := range strings.SplitSeq(text, "\n") {
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		rest := strings.TrimPrefix(line[depth:], " ") // stuffed
		signature := rest == "-- "
		if out.Len() > 0 && (!flowing || depth != quote || signature) {
			out.WriteByte('\n')
			flowing = false
		}
		if !flowing && depth > 0 {
			out.WriteString(strings.Repeat(">", depth) + " ")
		}
		flowing = strings.HasSuffix(rest, " ") && !signature
		if flowing && delsp {
			rest = strings.TrimSuffix(rest, " ")
		}
		out.WriteString(rest)
		quote = depth
	}
	return out.String()
}
