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

// Limits of what is read of a message that came back.
const (
	maxReport = 256 << 10 // bytes of the report in it
	maxParts  = 20
	maxGroups = 50 // recipients in a report
	maxDepth  = 3
)

// errNoReport says that a message is no bounce: an automatic answer, for example.
var errNoReport = errors.New("no bounce of a known format")

// parseDSN reads a delivery status notification (RFC 3464), or a bounce of qmail's, and returns what it says of recipients that failed.
// Delays and deliveries are left out.
func parseDSN(text []byte) ([]answer, error) {
	root, err := message.Read(bytes.NewReader(text))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) || root == nil {
		return nil, errNoReport
	}
	if status := findStatus(root, 0); status != nil {
		return parseStatuses(status), nil
	}
	body, _ := io.ReadAll(io.LimitReader(root.Body, maxReport)) // of a multipart nothing is left
	return parseQSBMF(body)
}

// findStatus returns the body of the part that a machine is to read.
func findStatus(e *message.Entity, depth int) []byte {
	kind, _, _ := e.Header.ContentType()
	switch strings.ToLower(kind) {
	case "message/delivery-status", "message/global-delivery-status": // the latter in RFC 6533
		body, _ := io.ReadAll(io.LimitReader(e.Body, maxReport)) // what broke off may still hold a status
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

// parseStatuses reads groups of fields between empty lines: the first is about the message, each other one about a
// recipient (RFC 3464, section 2.1).
func parseStatuses(text []byte) []answer {
	var failed []answer
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
		if a, ok := failure(fields); ok {
			failed = append(failed, a)
		}
	}
	return failed
}

// failure takes the status code from Diagnostic-Code if Status is as good as nothing: X.0.0.
func failure(fields textproto.MIMEHeader) (answer, bool) {
	status, _, ok := parseStatus(keyword(fields.Get("Status")))
	_, said, _ := strings.Cut(fields.Get("Diagnostic-Code"), ";") // smtp; 550 5.1.1 no such user
	code, rest, _ := strings.Cut(strings.TrimSpace(said), " ")
	if !ok || status[1] == 0 && status[2] == 0 {
		if better, _, found := parseStatus(rest); found && strings.HasPrefix(code, rest[:1]) {
			status, ok = better, true
		}
	}
	return answer{stage: dsnStage, code: status[0] * 100, enhanced: status}, ok
}

// keyword is a value without its comment: 5.1.1 (bad address).
func keyword(value string) string {
	value, _, _ = strings.Cut(value, "(")
	return strings.TrimSpace(value)
}
