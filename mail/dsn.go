package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/textproto"
	"strings"

	"github.com/emersion/go-message"
)

// Limits of parsing bounce messages.
const (
	maxReport = 256 << 10 // bytes of the report part
	maxParts  = 20
	maxGroups = 50 // recipients in a report
	maxDepth  = 3  // of nested multiparts
)

// errNoReport says that a message is not a bounce message, but an automatic reply for example.
var errNoReport = errors.New("not a bounce of a known format")

// parseDSN parses a delivery status notification (RFC 3464) or a bounce message of qmail, and returns the replies about failed
// recipients. Notifications of delays and deliveries are ignored.
func parseDSN(text []byte) ([]reply, error) {
	root, err := message.Read(bytes.NewReader(text))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) || root == nil {
		return nil, errNoReport
	}
	if status := findStatus(root, 0); status != nil {
		return parseStatuses(status), nil
	}
	body, _ := io.ReadAll(io.LimitReader(root.Body, maxReport)) // empty after a multipart
	return parseQSBMF(body)
}

// findStatus returns the body of the first machine-readable part, or nil.
func findStatus(e *message.Entity, depth int) []byte {
	kind, _, _ := e.Header.ContentType()
	switch strings.ToLower(kind) {
	case "message/delivery-status", "message/global-delivery-status": // the latter in RFC 6533
		body, _ := io.ReadAll(io.LimitReader(e.Body, maxReport)) // even truncated, it may have a status
		return body
	}
	parts := e.MultipartReader()
	if parts == nil || depth >= maxDepth {
		return nil
	}
	for range maxParts {
		part, err := parts.NextPart()
		if part == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return nil
		}
		if found := findStatus(part, depth+1); found != nil {
			return found
		}
	}
	return nil
}

// parseStatuses parses groups of fields between empty lines: the first is about the message, each other one about a
// recipient (RFC 3464, section 2.1).
func parseStatuses(text []byte) []reply {
	var failed []reply
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	for n, group := range bytes.Split(text, []byte("\n\n")) {
		if n > maxGroups {
			break
		}
		group = append(bytes.TrimLeft(group, "\n"), "\n\n"...)
		fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(group))).ReadMIMEHeader()
		if err != nil && len(fields) == 0 || !strings.EqualFold(keyword(fields.Get("Action")), "failed") {
			continue
		}
		if r, ok := failure(fields); ok {
			failed = append(failed, r)
		}
	}
	return failed
}

// failure returns the status in the field Status, or that in Diagnostic-Code if the former is missing or unspecific (X.0.0).
func failure(fields textproto.MIMEHeader) (reply, bool) {
	status, _, ok := parseStatus(keyword(fields.Get("Status")))
	_, diagnostic, _ := strings.Cut(fields.Get("Diagnostic-Code"), ";") // smtp; 550 5.1.1 no such user
	code, rest, _ := strings.Cut(strings.TrimSpace(diagnostic), " ")
	if !ok || status[1] == 0 && status[2] == 0 {
		if better, _, found := parseStatus(rest); found && strings.HasPrefix(code, rest[:1]) {
			status, ok = better, true
		}
	}
	return reply{stage: dsnStage, code: status[0] * 100, enhanced: status}, ok
}

// keyword is a field's value without its comment: 5.1.1 (bad address).
func keyword(value string) string {
	value, _, _ = strings.Cut(value, "(")
	return strings.TrimSpace(value)
}
