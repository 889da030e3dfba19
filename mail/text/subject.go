package text

import (
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode"
)

var (
	replyPrefix   = regexp.MustCompile(`(?i)^\s*(re|aw|antw|antwort|sv|vs|odp|rv|r|res|rif|ris|ynt|vá|atb|bls|απ|отв|ответ|回复|回覆|答复|返信)\s*(\[\d+\]|\(\d+\))?\s*[:：]`)
	forwardPrefix = regexp.MustCompile(`(?i)^\s*((fwd?|wg|tr|rv|i|doorst|vl|enc|pd|ilt|továbbítás|пересл|转发|轉寄|転送)\s*[:：]\s*)+`)
	placeholder   = regexp.MustCompile(`(?i)^[<(\[]?\s*(no subject|kein betreff|ohne betreff|sans objet|sin asunto|\.{2,}|…)\s*[>)\]]?$`)
)

// ownSubject returns the author's own text of a subject, in one line. It is empty for a placeholder, and for a reply: its subject is that
// of our own mail.
func ownSubject(raw string) string {
	subject := decodeSubject(raw)
	if replyPrefix.MatchString(subject) || placeholder.MatchString(subject) {
		return ""
	}
	subject = forwardPrefix.ReplaceAllString(subject, "")
	if replyPrefix.MatchString(subject) {
		return ""
	}
	return subject
}

var (
	// wordLanguage is the language in an encoded word (RFC 2231, section 5), and unpaddedWord one in base64 without its padding.
	wordLanguage = regexp.MustCompile(`(=\?[\w.:-]{1,40})\*[\w-]{1,40}(\?[BbQq]\?)`)
	unpaddedWord = regexp.MustCompile(`=\?[\w.:-]{1,40}\?[Bb]\?[\w+/]*\?=`)
)

// decodeSubject returns a subject in one line, in UTF-8. Text in a charset that nobody knows is guessed.
func decodeSubject(raw string) string {
	raw = wordLanguage.ReplaceAllString(raw, "$1$2")
	raw = unpaddedWord.ReplaceAllStringFunc(raw, func(word string) string {
		code := word[strings.LastIndexByte(word[:len(word)-2], '?')+1 : len(word)-2]
		return word[:len(word)-2] + strings.Repeat("=", (4-len(code)%4)%4) + "?="
	})
	decoded, err := (&mime.WordDecoder{CharsetReader: knownOrAsItIs}).DecodeHeader(raw)
	if err != nil {
		decoded = raw
	}
	return strings.Join(strings.Fields(valid([]byte(decoded))), " ")
}

func knownOrAsItIs(declared string, input io.Reader) (io.Reader, error) {
	if decoded, err := charsetReader(declared, input); err == nil {
		return decoded, nil
	}
	return input, nil
}

// repeatsSubject reports whether a body begins with the subject, without regard to case, punctuation and spaces: phones fill in the subject from the
// text, and cut it off with an ellipsis.
func repeatsSubject(body, subject string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	short := letters(strings.TrimRight(subject, "…."))
	return short != "" && strings.HasPrefix(letters(body), short)
}
