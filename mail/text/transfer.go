package text

import (
	"bytes"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	gomessage "github.com/emersion/go-message"
)

// transferred undoes the transfer encoding. What is broken ends the text where it breaks.
func (v *part) transferred() []byte {
	encoding := keyword(v.header.Get("Content-Transfer-Encoding"))
	if encoding == "base64" {
		return fromBase64(v.body)
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

// fromBase64 ignores characters that are not of base64, as RFC 2045, section 6.8, wants it. It ends at padding, and at a blank line: list servers add their
// footers below without encoding them.
func fromBase64(body []byte) []byte {
	var code []byte
	for line := range bytes.Lines(body) {
		if len(bytes.TrimSpace(line)) == 0 {
			if len(code) > 0 {
				break
			}
			continue
		}
		for _, c := range line {
			if isBase64(c) {
				code = append(code, c)
			}
		}
		if bytes.ContainsRune(line, '=') {
			break
		}
	}
	if len(code)%4 == 1 {
		code = code[:len(code)-1]
	}
	text := make([]byte, base64.RawStdEncoding.DecodedLen(len(code)))
	n, _ := base64.RawStdEncoding.Decode(text, code)
	return text[:n]
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
