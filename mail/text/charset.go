package text

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
)

// decode undoes transfer encoding and charset. A broken encoding ends the text where it breaks; an unknown charset is guessed.
func (v *part) decode() string {
	declared := strings.ToLower(strings.TrimSpace(v.params["charset"]))
	entity, err := gomessage.New(v.header, bytes.NewReader(v.body))
	if entity == nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(entity.Body, 4*maxText))
	if v.kind == "text/html" && (declared == "" || gomessage.IsUnknownCharset(err)) && !utf8.Valid(text) {
		encoding, _, _ := charset.DetermineEncoding(text, "text/html")
		if decoded, err := encoding.NewDecoder().Bytes(text); err == nil {
			return string(decoded)
		}
	}
	return valid(bytes.TrimPrefix(text, []byte("\ufeff")))
}

// valid decodes what is not UTF-8 as Windows-1252: most texts with no charset or a wrong one are.
func valid(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	if n := len(text); n > 3 && utf8.Valid(text[:n-incomplete(text)]) {
		return string(text[:n-incomplete(text)]) // cut in the middle of a character by our own limit
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(decoded)
}

// incomplete counts the bytes of a character that is cut off at the end.
func incomplete(text []byte) int {
	for i := 1; i <= 3 && i <= len(text); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}
