package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"

	"linienfunk/internal/htmltext"
)

// Limits of parsing bounce messages.
const (
	maxReport = 256 << 10 // bytes of a part
	maxParts  = 20
	maxGroups = 20      // recipients in a report, or paragraphs of a notice
	maxNotice = 8 << 10 // bytes of a notice for people
	maxDepth  = 3       // of nested multiparts
)

// fields are a header's first values, unfolded, by their names in lower case.
type fields map[string]string

// bouncePart is a part of a bounce message that has no parts of its own.
type bouncePart struct {
	header fields
	kind   string // media type in lower case
	raw    []byte
}

var fieldName = regexp.MustCompile(`^([!-9;-~]+)[ \t]*:`)

// readHeader reads the fields above the first empty line, and returns what is below. A line that is no field continues the one before: Office 365
// writes values of thousands of characters in lines that do not begin with a space.
func readHeader(text []byte) (fields, []byte) {
	header, last := fields{}, ""
	for first := true; len(text) > 0; first = false {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		name := fieldName.FindSubmatch(line)
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			return header, text
		case first && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))): // the envelope line of an mbox file
		case name == nil || line[0] == ' ' || line[0] == '\t':
			if last != "" {
				header[last] += " " + string(bytes.TrimSpace(line))
			}
		default:
			last = strings.ToLower(string(name[1]))
			if _, repeated := header[last]; repeated {
				last = "" // the first one counts
				continue
			}
			header[last] = string(bytes.TrimSpace(line[len(name[0]):]))
		}
	}
	return header, nil
}

// splitParts returns the parts of a message in their order, and the message's header.
func splitParts(message []byte) (fields, []bouncePart) {
	message = bytes.TrimLeft(bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n")), "\n")
	header, body := readHeader(message)
	return header, appendParts(nil, header, body, 0)
}

func appendParts(parts []bouncePart, header fields, body []byte, depth int) []bouncePart {
	kind, params := mediaType(header["content-type"])
	report := depth == 0 && aReport.Match(body) // in a message whose own header does not say so
	if depth < maxDepth && (strings.HasPrefix(kind, "multipart/") || report) {
		if bodies := cutAtBoundary(body, params["boundary"]); len(bodies) > 0 {
			for _, one := range bodies {
				if len(parts) >= maxParts {
					break
				}
				header, body := readHeader(one)
				parts = appendParts(parts, header, body, depth+1)
			}
			return parts
		}
	}
	return append(parts, bouncePart{header, kind, body[:min(len(body), maxReport)]}) // even truncated, it may have a status
}

func mediaType(value string) (string, map[string]string) {
	kind, params, err := mime.ParseMediaType(value)
	if err != nil {
		kind, _, _ = strings.Cut(value, ";")
		if found := looseBoundary.FindStringSubmatch(value); found != nil {
			params = map[string]string{"boundary": found[1]}
		}
	}
	kind = strings.ToLower(strings.TrimSpace(kind))
	if strings.HasPrefix(kind, "multipart") && !strings.Contains(kind, "/") {
		kind = "multipart/mixed"
	}
	return kind, params
}

var (
	looseBoundary = regexp.MustCompile(`(?i)boundary\s*=\s*"?([^";\s]+)`)
	aReport       = regexp.MustCompile(`(?im)^content-type:\s*message/(delivery-status|feedback-report)`)
	aBoundary     = regexp.MustCompile(`(?im)^--(\S.*?)[ \t]*\n+content-`)
)

// cutAtBoundary returns the texts between the lines of the boundary. If there are none, it is the first line that looks like one.
func cutAtBoundary(body []byte, boundary string) (bodies [][]byte) {
	line := []byte("\n--" + boundary)
	body = append([]byte("\n"), body...)
	at := bytes.Index(body, line)
	if boundary == "" || at < 0 {
		found := aBoundary.FindSubmatch(body)
		if found == nil {
			return nil
		}
		line = append([]byte("\n--"), found[1]...)
		at = bytes.Index(body, line)
	}
	for at >= 0 && len(bodies) < maxParts {
		body = body[at+len(line):]
		rest, text, _ := bytes.Cut(body, []byte("\n"))
		if bytes.HasPrefix(rest, []byte("--")) { // the end
			return bodies
		}
		body = append([]byte("\n"), text...)
		if at = bytes.Index(body, line); at >= 0 {
			bodies = append(bodies, body[1:max(at, 1)])
		} else {
			bodies = append(bodies, body[1:])
		}
	}
	return bodies
}

// text decodes the part as far as it can be.
func (p bouncePart) text() string {
	text := p.raw
	switch strings.ToLower(strings.TrimSpace(p.header["content-transfer-encoding"])) {
	case "base64":
		clean := bytes.Join(bytes.Fields(text), nil)
		decoded, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(clean)))
		text = decoded
	case "quoted-printable":
		if decoded, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text))); len(decoded) > len(text)/4 {
			text = decoded
		}
	}
	text = toUTF8(text, p.header["content-type"])
	if p.kind == "text/html" {
		return htmltext.Convert(string(text), htmltext.Rules{})
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func toUTF8(text []byte, contentType string) []byte {
	_, params := mediaType(contentType)
	if name := params["charset"]; name != "" && !strings.EqualFold(name, "utf-8") {
		if r, err := charset.Reader(name, bytes.NewReader(text)); err == nil {
			if decoded, err := io.ReadAll(io.LimitReader(r, 4*maxReport)); err == nil {
				return decoded
			}
		}
	}
	if !utf8.Valid(text) {
		text, _ = charmap.Windows1252.NewDecoder().Bytes(text)
	}
	return text
}
