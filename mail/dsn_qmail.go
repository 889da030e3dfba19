package mail

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// Bounce messages of qmail and its derivatives are plain text in the format QSBMF (https://cr.yp.to/proto/qsbmf.txt): an introduction, one
// paragraph per failed recipient that begins with the address in angle brackets, and, before the copy of the message, a paragraph that
// begins with a dash.
var (
	qmailIntroduction = []byte("Hi. This is the")
	qmailStatus       = regexp.MustCompile(`\(#([245]\.\d{1,3}\.\d{1,3})\)`)
	qmailRemote       = regexp.MustCompile(`(?m)^Remote host said: ([45]\d\d)[ -](\S*)`)
)

// qmailRecipient is part of qmail-remote's sentence about a server that refuses the recipient, and not the message.
const qmailRecipient = "does not like recipient"

// parseQSBMF returns the replies about failed recipients. The format has no notifications of delays.
func parseQSBMF(text []byte) ([]reply, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if !bytes.HasPrefix(text, qmailIntroduction) {
		return nil, errNoReport
	}
	var failed []reply
	for n, paragraph := range strings.Split(string(text), "\n\n") {
		if n > maxGroups || strings.HasPrefix(paragraph, "-") {
			break
		}
		if strings.HasPrefix(paragraph, "<") {
			failed = append(failed, qmailReply(paragraph))
		}
	}
	return failed, nil
}

// qmailReply returns the remote server's status code, or else qmail's own. A bare reply code counts only if the recipient was refused: for a
// message it says nothing about the recipient. Without any code the reason is unclear.
func qmailReply(paragraph string) reply {
	remote := qmailRemote.FindStringSubmatch(paragraph)
	codes := qmailStatus.FindStringSubmatch(paragraph)
	if remote != nil {
		codes = []string{"", remote[2]}
	}
	if codes != nil {
		if status, _, ok := parseStatus(codes[1]); ok {
			return reply{stage: dsnStage, code: status[0] * 100, enhanced: status}
		}
	}
	if remote == nil {
		return reply{stage: dsnStage, code: 500}
	}
	code, _ := strconv.Atoi(remote[1]) // three digits
	if strings.Contains(paragraph, qmailRecipient) {
		return reply{stage: dsnStage, code: code}
	}
	return reply{stage: "DATA", code: code}
}
