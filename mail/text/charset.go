package text

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	mailcharset "github.com/emersion/go-message/charset"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"
)

// decode undoes transfer encoding and charset. A broken encoding ends the text where it breaks; an unknown charset is guessed.
func (v *part) decode() string {
	text := v.transferred()
	declared := charsetName(v.params["charset"])
	if declared == "windows-1252" && utf8.Valid(text) {
		declared = utf8Name // Latin letters do not stand side by side as the bytes of UTF-8 do
	}
	known := declared == utf8Name
	if declared != "" && !known {
		if decoder, err := charsetReader(declared, bytes.NewReader(text)); err == nil {
			text, _ = io.ReadAll(io.LimitReader(decoder, 4*maxText))
			known = true
		}
	}
	if v.kind == "text/html" && !known && !utf8.Valid(text) {
		encoding, _, _ := charset.DetermineEncoding(text, "text/html")
		if decoded, err := encoding.NewDecoder().Bytes(text); err == nil {
			return string(decoded)
		}
	}
	return valid(bytes.TrimPrefix(text, []byte("\ufeff")))
}

const (
	utf8Name = "utf-8"
	utf7Name = "utf-7"
)

// charsetNames are names that mail programs use, and those under which libraries know what they mean: mostly Microsoft's, whose charsets are the
// standard's with more characters in gaps. The decoders for the Web (encoding.spec.whatwg.org) have those as well. An empty name is one that
// says nothing.
var charsetNames = map[string]string{
	"utf8": utf8Name, "utf_8": utf8Name, "utf-8mb4": utf8Name, "unicode-1-1-utf-8": utf8Name,
	"utf7": utf7Name, "x-utf-7": utf7Name, "unicode-1-1-utf-7": utf7Name, "csunicode11utf7": utf7Name,
	"us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "646": "", "7bit": "", "8bit": "", "binary": "", "default": "", "unknown-8bit": "", "x-user-defined": "", "replacement": "", "iso-2022-cn": "", "iso-2022-cn-ext": "", "x-unknown": "", "unknown": "",
	"iso-8859-1": "windows-1252", "iso8859-1": "windows-1252", "iso_8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252",
	"cp932": "shift_jis", "ms932": "shift_jis", "windows-31j": "shift_jis", "windows-932": "shift_jis", "x-ms-cp932": "shift_jis", "x-sjis": "shift_jis", "sjis": "shift_jis",
	"iso-2022-jp-ms": "iso-2022-jp", "iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp", "iso-2022-jp-3": "iso-2022-jp", "x-iso-2022-jp": "iso-2022-jp",
	"cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp50222": "iso-2022-jp",
	"cp51932": "euc-jp", "eucjp-ms": "euc-jp", "eucjp-win": "euc-jp", "eucjp": "euc-jp", "x-euc-jp": "euc-jp",
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "ks_c_5601-1987": "euc-kr", "ksc5601": "euc-kr", "ks_c_5601": "euc-kr",
	"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "ms936": "gb18030", "x-gb2312": "gb18030",
	"cp950": "big5", "ms950": "big5", "chinesebig5": "big5", "big5-hkscs": "big5", "x-big5": "big5",
	"cp1250": "windows-1250", "cp1251": "windows-1251", "cp1252": "windows-1252", "cp1253": "windows-1253", "cp1254": "windows-1254", "cp1255": "windows-1255",
	"cp1256": "windows-1256", "cp1257": "windows-1257", "cp1258": "windows-1258", "iso-8859-8-i": "iso-8859-8",
}

// charsetName is the name of a charset as libraries know it, or empty if there is none.
func charsetName(declared string) string {
	name := strings.Trim(strings.ToLower(declared), " \t\"';")
	if known, ok := charsetNames[name]; ok {
		return known
	}
	return name
}

// charsetReader decodes a charset. It is that of go-message with more names, and with UTF-7.
func charsetReader(declared string, input io.Reader) (io.Reader, error) {
	switch name := charsetName(declared); name {
	case "", utf8Name:
		return input, nil
	case utf7Name:
		text, err := io.ReadAll(io.LimitReader(input, 4*maxText))
		return strings.NewReader(fromUTF7(string(text))), err
	case "iso-2022-kr", "csiso2022kr":
		text, err := io.ReadAll(io.LimitReader(input, 4*maxText))
		if err != nil {
			return nil, err
		}
		return mailcharset.Reader("euc-kr", bytes.NewReader(fromShifts(text)))
	default:
		return mailcharset.Reader(name, input)
	}
}

// fromShifts makes EUC-KR of ISO-2022-KR (RFC 1557): between the controls SO and SI, its bytes lack their highest bit.
func fromShifts(text []byte) []byte {
	out, shifted := []byte(nil), false
	for _, c := range bytes.ReplaceAll(text, []byte("\x1b$)C"), nil) {
		switch {
		case c == 0x0E || c == 0x0F:
			shifted = c == 0x0E
		case shifted && c > ' ':
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}

// fromUTF7 decodes UTF-7 (RFC 2152): UTF-16 in base64 without padding, between a plus and the first character that is not of base64, which is left out
// if it is a minus. "+-" is a plus. What is broken stays as it is.
func fromUTF7(text string) string {
	var out strings.Builder
	for {
		plain, shifted, found := strings.Cut(text, "+")
		out.WriteString(plain)
		if !found {
			return out.String()
		}
		n := 0
		for n < len(shifted) && isBase64(shifted[n]) {
			n++
		}
		encoded := shifted[:n]
		text = strings.TrimPrefix(shifted[n:], "-")
		units, err := base64.RawStdEncoding.DecodeString(encoded)
		switch {
		case n == 0:
			out.WriteByte('+')
			if !strings.HasPrefix(shifted, "-") {
				text = shifted
			}
		case err != nil:
			out.WriteString("+" + encoded)
			text = shifted[n:]
		default:
			out.WriteString(fromUTF16(units))
		}
	}
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// fromUTF16 decodes UTF-16 in the order of networks.
func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

// valid decodes what is not UTF-8 as Windows-1252: most texts with no charset or a wrong one are. A text with more characters of UTF-8 than bytes that are
// none is a broken UTF-8.
func valid(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	if n := len(text); n > 3 && utf8.Valid(text[:n-incomplete(text)]) {
		return string(text[:n-incomplete(text)]) // cut in the middle of a character by our own limit
	}
	if isBrokenUTF8(text) {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	decoded, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(decoded)
}

// isBrokenUTF8 counts the characters beyond ASCII, and the bytes that are no characters.
func isBrokenUTF8(text []byte) bool {
	characters, bad := 0, 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			characters++
		}
		text = text[size:]
	}
	return characters >= bad
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
