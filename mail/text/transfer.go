package text

import (
	"bytes"
	"encoding/base64"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
)

// transferred undoes the transfer encoding. What is broken ends the text where it breaks.
func (v *part) transferred() []byte {
	encoding := strings.Trim(keyword(v.header.Get("Content-Transfer-Encoding")), `"'`)
	switch encoding {
	case "base64":
		text := fromBase64(v.body)
		if declared := charsetName(v.params["charset"]); !isPlainText(v.body, text, declared == "" || declared == utf8Name) {
			return text
		}
		return v.body
	case "x-uuencode", "uuencode", "x-uue":
		if beginsUUEncode.Match(v.body) {
			return fromUUEncode(v.body)
		}
	}
	var header gomessage.Header
	header.Set("Content-Type", v.kind) // without the charset: this package knows more of them
	header.Set("Content-Transfer-Encoding", encoding)
	entity, _ := gomessage.New(header, bytes.NewReader(v.body))
	if entity == nil {
		return v.body
	}
	text, _ := io.ReadAll(io.LimitReader(entity.Body, 4*maxText))
	return text
}

// fromBase64 ignores characters that are not of base64, as RFC 2045, section 6.8, wants it. Below padding or a blank line only whole lines of base64
// count: some programs encode in pieces, and list servers add their footers without encoding them.
func fromBase64(body []byte) (text []byte) {
	var code []byte
	ended := false
	for line := range bytes.Lines(body) {
		switch line = bytes.TrimSpace(line); {
		case len(line) == 0:
			ended = ended || len(code)+len(text) > 0
			continue
		case ended && !isLineOfBase64(line, len(code)):
			return appendBase64(text, code)
		case bytes.ContainsAny(line, "-_") && forPages.Match(line):
			line = []byte(ordinaryBase64.Replace(string(line)))
		}
		for _, c := range line {
			if isBase64(c) {
				code = append(code, c)
			}
		}
		if bytes.ContainsRune(line, '=') {
			text, code, ended = appendBase64(text, code), nil, true
		}
	}
	return appendBase64(text, code)
}

var (
	// forPages is base64 with the signs for addresses of pages (RFC 4648, section 5).
	forPages       = regexp.MustCompile(`^[\w-]{8,}=*$`)
	ordinaryBase64 = strings.NewReplacer("-", "+", "_", "/")

	wholeBase64 = regexp.MustCompile(`^[A-Za-z0-9+/]+={0,2}$`)
)

// isLineOfBase64 reports whether a line below so many characters is base64 rather than a word.
func isLineOfBase64(line []byte, above int) bool {
	return (len(line) >= 60 || (above+len(line))%4 == 0) && wholeBase64.Match(line) && bytes.ContainsAny(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && bytes.ContainsAny(line, "0123456789+/=")
}

// appendBase64 appends what the characters encode. A last one alone is left out.
func appendBase64(text, code []byte) []byte {
	if len(code)%4 == 1 {
		code = code[:len(code)-1]
	}
	text, _ = base64.RawStdEncoding.AppendDecode(text, code)
	return text
}

// isPlainText reports whether a body is a text that only says that it is base64: words with spaces, which decode to control characters or to what is
// not the charset.
func isPlainText(body, decoded []byte, isUTF8 bool) bool {
	body = body[:min(len(body), maxMarker)]
	return words.Match(body) && (isUTF8 && !utf8.Valid(decoded) || bytes.ContainsFunc(decoded[:min(len(decoded), maxMarker)], func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f\x0e\x0f\x1b", r) }))
}

var words = regexp.MustCompile(`[A-Za-z,.!?:] [A-Za-z0-9]+[,.!?:]? [A-Za-z]`)

var beginsUUEncode = regexp.MustCompile(`(?m)^begin [0-7]{3,4} `)

// fromUUEncode decodes uuencode between the lines "begin" and "end": a length, then four characters for three bytes.
func fromUUEncode(body []byte) (text []byte) {
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || bytes.HasPrefix(line, []byte("begin ")) || string(line) == "end" {
			continue
		}
		length, begin := int(line[0]-' ')&63, len(text)
		for at := 1; at < len(line) && len(text)-begin < length; at += 4 {
			bits := 0
			for i := range 4 {
				bits <<= 6
				if at+i < len(line) {
					bits |= int(line[at+i]-' ') & 63
				}
			}
			text = append(text, byte(bits>>16), byte(bits>>8), byte(bits))
		}
		text = text[:min(len(text), begin+length)]
	}
	return text
}

// uuencoded is a file that an old program has put into the text: lines of up to 45 bytes in 60 characters behind one for their number.
var uuencoded = regexp.MustCompile("(?m)^begin [0-7]{3,4} \\S.*\\n(?:[!-`][ -`]{0,61}\\n)*(?:[` ]?\\n)?end[ \\t]*(?:\\n|$)")

func withoutUUEncoded(text string) string {
	if !strings.Contains(text, "begin ") {
		return text
	}
	return uuencoded.ReplaceAllString(text, "")
}

// enrichedCommand is one of text/enriched (RFC 1896): it is left out, with its parameter.
var enrichedCommand = regexp.MustCompile(`(?is)<param>.{0,200}?</param>|</?[a-z0-9-]{1,60}>`)

// fromEnriched makes plain text of text/enriched: "<<" is "<", and one line break less than there are is shown.
func fromEnriched(text string) string {
	text = strings.ReplaceAll(text, "<<", "\x00")
	text = strings.ReplaceAll(enrichedCommand.ReplaceAllString(text, ""), "\x00", "<")
	lines := strings.Split(text, "\n")
	var out strings.Builder
	for i, line := range lines {
		out.WriteString(line)
		switch {
		case i+1 == len(lines):
		case line != "" && lines[i+1] != "":
			out.WriteByte(' ')
		case line == "":
			out.WriteByte('\n')
		}
	}
	return out.String()
}
