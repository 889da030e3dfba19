package text

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// Limits of what is kept of a message. All else is read and thrown away.
const (
	maxHeader     = 128 << 10 // bytes, of the message's header
	maxPartHeader = 4 << 10   // bytes, of a part's
	maxText       = 256 << 10 // bytes, of one text part before decoding
	maxKept       = 768 << 10 // bytes, of all headers and text parts together
	maxParts      = 100
	maxDepth      = 10
)

// part is a message or a part of one: either it has children, or it may have a body.
type part struct {
	header   gomessage.Header
	kind     string // media type in lower case
	params   map[string]string
	children []*part
	body     []byte // not decoded; only of text parts that are no attachments
	full     bool   // body is cut
	closed   string // a multipart's boundary
}

// reader makes parts out of lines. It does by itself what go-message's MultipartReader does, since that holds headers
// of any size in memory, and ends at the first that is broken.
type reader struct {
	lines *bufio.Reader
	stack []*part // the multiparts that are open, the outermost first
	part  *part   // whose header or body comes
	head  []byte  // the header so far
	where int
	guess string // the line before, if it may be a boundary that the header does not name
	kept  int
	parts int
}

const (
	inHeader = iota
	inBody
	between // in front of the first part of a multipart, or behind the last
)

// readParts reads a message to its end. The error is the connection's: a message may be as broken as it likes.
func readParts(r io.Reader) (*part, error) {
	root := &part{}
	p := &reader{lines: bufio.NewReaderSize(r, 4096), part: root, parts: 1}
	whole := true // the chunk before ended a line
	for {
		line, err := p.lines.ReadSlice('\n')
		if len(line) > 0 {
			p.take(line, whole)
			whole = line[len(line)-1] == '\n'
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
	if p.where == inHeader {
		p.endHeader()
	}
	return root, nil
}

// take takes a line, or the next piece of one that is longer than the buffer.
func (p *reader) take(line []byte, begins bool) {
	if begins && p.boundary(line) {
		return
	}
	switch p.where {
	case inHeader:
		p.takeHeader(line, begins)
	case inBody:
		p.keep(line)
	case between:
		p.adopt(line)
	}
}

func (p *reader) takeHeader(line []byte, begins bool) {
	switch {
	case !begins:
		p.addHeader(line)
	case len(bytes.TrimRight(line, "\r\n")) == 0:
		p.endHeader()
	case len(p.head) == 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))):
		// the envelope line of a mailbox file
	case isField(line) || len(p.head) > 0 && (line[0] == ' ' || line[0] == '\t'):
		p.addHeader(line)
	default:
		// The empty line is missing.
		p.endHeader()
		p.take(line, true)
	}
}

func (p *reader) addHeader(line []byte) {
	limit := maxPartHeader
	if p.parts == 1 {
		limit = maxHeader
	}
	if len(p.head)+len(line) <= limit && p.kept+len(line) <= maxKept {
		p.head = append(p.head, line...)
		p.kept += len(line)
	}
}

// isField says whether a line begins a header field: printable ASCII up to a colon.
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

// endHeader looks at the header and decides what comes.
func (p *reader) endHeader() {
	header, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(p.head, "\r\n"...))))
	p.head = nil
	v := p.part
	v.header = gomessage.Header{Header: header}
	v.kind, v.params = mediaType(v.header)
	p.where = inBody
	if strings.HasPrefix(v.kind, "multipart/") && len(p.stack) < maxDepth {
		v.closed = v.params["boundary"]
		p.stack = append(p.stack, v)
		p.part, p.where, p.guess = nil, between, ""
	}
}

func mediaType(h gomessage.Header) (string, map[string]string) {
	kind, params, err := h.ContentType()
	if err != nil {
		kind, _, _ = strings.Cut(kind, ";")
	}
	kind = strings.ToLower(strings.TrimSpace(kind))
	if !strings.Contains(kind, "/") {
		kind = "text/plain"
	}
	return kind, params
}

// boundary ends and begins parts if the line is the boundary of a multipart that is open, and says whether it was. An
// inner multipart whose end is missing ends with the outer one.
func (p *reader) boundary(line []byte) bool {
	if len(p.stack) == 0 || !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	text := strings.TrimRight(string(line[2:min(len(line), 200)]), " \t\r\n")
	for i := len(p.stack) - 1; i >= 0; i-- {
		name := p.stack[i].closed
		if name == "" || text != name && text != name+"--" {
			continue
		}
		if p.where == inHeader {
			p.endHeader()
		}
		if text == name {
			p.stack = p.stack[:i+1]
			p.begin()
		} else {
			p.stack = p.stack[:i]
			p.part, p.where, p.guess = nil, between, ""
		}
		return true
	}
	return false
}

// begin begins a part of the innermost multipart.
func (p *reader) begin() {
	v := &part{}
	if p.parts++; p.parts <= maxParts {
		parent := p.stack[len(p.stack)-1]
		parent.children = append(parent.children, v)
	}
	p.part, p.where = v, inHeader
}

// keep keeps what may become text.
func (p *reader) keep(line []byte) {
	v := p.part
	if !strings.HasPrefix(v.kind, "text/") || v.attached() || p.parts > maxParts {
		return
	}
	if v.full = v.full || len(v.body)+len(line) > maxText || p.kept+len(line) > maxKept; v.full {
		return
	}
	v.body = append(v.body, line...)
	p.kept += len(line)
}

// adopt finds the boundary of a multipart whose header names none or another one: a line with two dashes in front of
// a Content- field.
func (p *reader) adopt(line []byte) {
	if len(p.stack) == 0 || len(p.stack[len(p.stack)-1].children) > 0 {
		return
	}
	if p.guess != "" && len(line) > 8 && bytes.EqualFold(line[:8], []byte("content-")) {
		p.stack[len(p.stack)-1].closed = p.guess
		p.begin()
		p.takeHeader(line, true)
		return
	}
	p.guess = ""
	if text := strings.TrimRight(string(line[:min(len(line), 100)]), " \t\r\n"); len(text) > 4 && strings.HasPrefix(text, "--") {
		p.guess = text[2:]
	}
}

// attached says that a part is to be saved, not read.
func (v *part) attached() bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(v.header.Get("Content-Disposition"))), "attachment")
}
