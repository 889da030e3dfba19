package text

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// Limits of the parts of a message that are kept. Everything else is read and discarded.
const (
	maxHeader     = 128 << 10 // bytes of the message's header
	maxPartHeader = 4 << 10   // bytes of a part's header
	maxText       = 256 << 10 // bytes of one text part before decoding
	maxKept       = 768 << 10 // bytes of all headers and text parts together
	maxParts      = 100
	maxDepth      = 10
)

// part is a message or a part of one. It has children or a body, or neither.
type part struct {
	header    gomessage.Header
	kind      string            // media type in lower case
	params    map[string]string // of the media type
	children  []*part
	body      []byte // not decoded; only of text parts that are not attachments
	truncated bool   // body is incomplete
	boundary  string // of a multipart
}

// partReader makes parts out of lines. go-message's MultipartReader would not do: it holds headers of any size in memory, and ends at the
// first header that is broken.
type partReader struct {
	lines  *bufio.Reader
	open   []*part // the multiparts that have not ended, the outermost first
	part   *part   // the part being read
	header []byte  // its header so far
	state  state
	guess  string // the line before, if it may be a boundary that the header does not name
	kept   int    // bytes
	parts  int
}

type state int

const (
	inHeader state = iota
	inBody
	betweenParts // above the first part of a multipart, or below the last
)

// readParts reads a message to its end. The error is the reader's: a broken message is no error.
func readParts(r io.Reader) (*part, error) {
	root := &part{}
	p := &partReader{lines: bufio.NewReaderSize(r, 4096), part: root, parts: 1}
	begins := true // the next chunk begins a line
	for {
		line, err := p.lines.ReadSlice('\n')
		if len(line) > 0 {
			ends := line[len(line)-1] == '\n'
			p.addLine(line, begins) // which may look at the next lines, and overwrite this one
			begins = ends
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if p.state == inHeader {
		p.endHeader()
	}
	return root, nil
}

// addLine takes a line, or the next piece of one that is longer than the buffer.
func (p *partReader) addLine(line []byte, begins bool) {
	if begins && p.isBoundary(line) {
		return
	}
	switch p.state {
	case inHeader:
		p.addHeaderLine(line, begins)
	case inBody:
		p.addBodyLine(line)
	case betweenParts:
		p.guessBoundary(line)
	}
}

func (p *partReader) addHeaderLine(line []byte, begins bool) {
	switch {
	case !begins:
		p.appendHeader(line)
	case p.kept == 0 && bytes.HasPrefix(line, []byte("\ufeff")):
		p.addHeaderLine(line[len("\ufeff"):], true)
	case len(bytes.TrimRight(line, "\r\n")) == 0:
		if isAboveAll := p.parts == 1 && len(p.header) == 0 && p.isAbove(anyField); !isAboveAll {
			p.endHeader()
		}
	case len(p.header) == 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))):
		// the envelope line of an mbox file
	case isField(line) || len(p.header) > 0 && (line[0] == ' ' || line[0] == '\t'):
		p.appendHeader(line)
	default:
		line = bytes.Clone(line)
		if p.parts == 1 && p.isAbove(machinesField) {
			return // what a server on the way has broken
		}
		// The empty line is missing.
		p.endHeader()
		p.addLine(line, true)
	}
}

var (
	// machinesField is a field that people do not write into their mails.
	machinesField = regexp.MustCompile(`(?i)^(?:received|return-path|message-id|mime-version|content-(?:type|transfer-encoding)|dkim-signature|x-[\w-]+-[\w-]+)[ \t]*:`)

	// anyField begins a header.
	anyField = regexp.MustCompile(`(?i)^(?:from|to|date|subject|sender|reply-to|cc):|` + machinesField.String()[len("(?i)"):])
)

// isAbove reports whether the next lines, below a few empty ones, are such a field.
func (p *partReader) isAbove(field *regexp.Regexp) bool {
	next, _ := p.lines.Peek(100)
	return field.Match(bytes.TrimLeft(next, "\r\n"))
}

func (p *partReader) appendHeader(line []byte) {
	limit := maxPartHeader
	if p.parts == 1 {
		limit = maxHeader
	}
	if len(p.header)+len(line) <= limit && p.kept+len(line) <= maxKept {
		p.header = append(p.header, line...)
		p.kept += len(line)
	}
}

// isField reports whether a line begins a header field: printable ASCII up to a colon.
func isField(line []byte) bool {
	for i, c := range line {
		if c == ':' {
			return i > 0
		}
		if c <= ' ' || c > '~' {
			return c == ' ' && i > 0 && bytes.HasPrefix(bytes.TrimLeft(line[i:], " \t"), []byte(":"))
		}
	}
	return false
}

// endHeader parses the header. What comes next is a body, or the parts of a multipart.
func (p *partReader) endHeader() {
	header, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(p.header, "\r\n"...))))
	p.header = nil
	v := p.part
	v.header = gomessage.Header{Header: header}
	v.kind, v.params = mediaType(v.header)
	p.state = inBody
	if strings.HasPrefix(v.kind, "multipart/") && len(p.open) < maxDepth {
		v.boundary = v.params["boundary"]
		p.open = append(p.open, v)
		p.part, p.state, p.guess = nil, betweenParts, ""
	}
}

// topTypes are the registered types of media. What is of another is taken for text: "plain/text".
var topTypes = []string{"application", "audio", "chemical", "example", "font", "haptics", "image", "message", "model", "multipart", "text", "video"}

// looseParameter is a parameter of a media type that breaks the rules: a boundary with signs in it, or no semicolon in front.
var looseParameter = regexp.MustCompile(`(?i)[;,\s](boundary|charset|format|delsp|name)\s*=\s*(?:"([^"]*)"?|([^;\s"]+))`)

// mediaType reads Content-Type. Of one that breaks the rules it takes what it finds: a boundary that is not known loses the text.
func mediaType(h gomessage.Header) (string, map[string]string) {
	kind, params, err := h.ContentType()
	if err != nil {
		raw := h.Get("Content-Type")
		kind, _, _ = strings.Cut(strings.TrimSpace(raw), ";")
		kind, _, _ = strings.Cut(kind, " ")
		params = map[string]string{}
		for _, found := range looseParameter.FindAllStringSubmatch(raw, -1) {
			if name := strings.ToLower(found[1]); params[name] == "" {
				params[name] = found[2] + found[3]
			}
		}
	}
	kind = strings.ToLower(strings.Trim(kind, " \t,;"))
	if words := strings.Split(kind, "/"); len(words) > 2 {
		kind = words[0] + "/" + words[1]
	}
	if top, _, _ := strings.Cut(kind, "/"); top == kind || !slices.Contains(topTypes, top) && !strings.HasPrefix(top, "x-") {
		kind = "text/plain"
	}
	return kind, params
}

// isBoundary reports whether the line is the boundary of an open multipart, and ends and begins parts then. An inner multipart whose end is
// missing ends with the outer one.
func (p *partReader) isBoundary(line []byte) bool {
	if len(p.open) == 0 || !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	text := strings.TrimRight(string(line[2:min(len(line), 200)]), " \t\r\n")
	for i := len(p.open) - 1; i >= 0; i-- {
		name := p.open[i].boundary
		if name == "" || text != name && text != name+"--" {
			continue
		}
		if p.state == inHeader {
			p.endHeader()
		}
		if text == name {
			p.open = p.open[:i+1]
			p.beginPart()
		} else {
			p.open = p.open[:i]
			p.part, p.state, p.guess = nil, betweenParts, ""
		}
		return true
	}
	return false
}

// ignored stands for all parts above maxParts. It is never changed.
var ignored part

// beginPart begins a part of the innermost multipart. The lines of parts above maxParts, headers too, belong to nothing.
func (p *partReader) beginPart() {
	if p.parts++; p.parts > maxParts {
		p.part, p.state = &ignored, inBody
		return
	}
	v := &part{}
	parent := p.open[len(p.open)-1]
	parent.children = append(parent.children, v)
	p.part, p.state = v, inHeader
}

// xhtml is the type of pages that is none of text.
const xhtml = "application/xhtml+xml"

// addBodyLine keeps the line if it may become text.
func (p *partReader) addBodyLine(line []byte) {
	v := p.part
	if !strings.HasPrefix(v.kind, "text/") && v.kind != xhtml || v.isAttachment() || p.parts > maxParts {
		return
	}
	if v.truncated = v.truncated || len(v.body)+len(line) > maxText || p.kept+len(line) > maxKept; v.truncated {
		return
	}
	v.body = append(v.body, line...)
	p.kept += len(line)
}

// guessBoundary finds the boundary of a multipart whose header names none or a wrong one: a line that begins with two dashes, above a Content- field.
func (p *partReader) guessBoundary(line []byte) {
	if len(p.open) == 0 || len(p.open[len(p.open)-1].children) > 0 {
		return
	}
	if p.guess != "" && len(line) > 8 && bytes.EqualFold(line[:8], []byte("content-")) {
		p.open[len(p.open)-1].boundary = p.guess
		p.beginPart()
		p.addHeaderLine(line, true)
		return
	}
	p.guess = ""
	if text := strings.TrimRight(string(line[:min(len(line), 100)]), " \t\r\n"); len(text) > 4 && strings.HasPrefix(text, "--") {
		p.guess = text[2:]
	}
}

// isAttachment reports whether a part is to be saved, not shown.
func (v *part) isAttachment() bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(v.header.Get("Content-Disposition"))), "attachment")
}

// isFile reports whether a part has a name to be saved under. Some programs show files with text in them below the mail (Content-Disposition: inline,
// RFC 2183, section 2.1).
func (v *part) isFile() bool {
	if v.params["name"] != "" {
		return true
	}
	_, params, _ := v.header.ContentDisposition()
	return params["filename"] != ""
}

// isListFooter reports whether a part was added by a list server: Mailman makes it a message of its own, with a MIME-Version.
func (v *part) isListFooter() bool {
	disposition, _, _ := v.header.ContentDisposition()
	return v.kind == "text/plain" && strings.EqualFold(disposition, "inline") && v.header.Has("Mime-Version")
}
