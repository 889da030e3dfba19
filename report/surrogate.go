package report

import (
	"bytes"
	"strconv"
	"unicode/utf16"
)

// LoneSurrogate returns where a JSON text has one of the \u escapes of a surrogate without the other, in bytes from 0, or -1. Such a text has no UTF-8: encoding/json would put U+FFFD there,
// so that what is stored is not what was sent.
func LoneSurrogate(text []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(text[at:], '\\')
		if next < 0 {
			return -1
		}
		at += next
		first, ok := escaped(text[at:])
		switch {
		case !ok:
			at += 2 // the escape of one character, which may be a backslash
			if at > len(text) {
				return -1
			}
		case !utf16.IsSurrogate(first):
			at += 6
		default:
			second, ok := escaped(text[at+6:])
			if !ok || utf16.DecodeRune(first, second) == '\uFFFD' {
				return at
			}
			at += 12
		}
	}
}

// escaped reads an escape such as \u00e4.
func escaped(text []byte) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
