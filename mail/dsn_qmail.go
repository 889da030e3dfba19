package mail

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// Bounces of qmail and its relatives are text (https://cr.yp.to/proto/qsbmf.txt): an introduction, a paragraph for each recipient
// that failed, which begins with its address in angle brackets, and a paragraph that begins with a dash, before the copy of the mail.
var (
	qmailIntroduction = []byte("Hi. This is the")
	qmailStatus       = regexp.MustCompile(`\(#([245]\.\d{1,3}\.\d{1,3})\)`)
	qmailSaid         = regexp.MustCompile(`(?m)^Remote host said: ([45]\d\d)[ -](\S*)`)
)

// qmailRecipient is what qmail-remote writes of a server that refuses a recipient, not a mail.
const qmailRecipient = "does not like recipient"

// parseQSBMF reads what qmail says of recipients that failed. It writes no delays.
func parseQSBMF(text []byte) ([]answer, error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if !bytes.HasPrefix(text, qmailIntroduction) {
		return nil, errNoReport
	}
	var failed []answer
	for n, paragraph := range strings.Split(string(text), "\n\n") {
		if n > maxGroups || strings.HasPrefix(paragraph, "-") {
			break
		}
		if strings.HasPrefix(paragraph, "<") {
			failed = append(failed, qmailAnswer(paragraph))
		}
	}
	return failed, nil
}

// qmailAnswer takes the other server's status code, or else qmail's own. A bare reply code counts only for a recipient: of a mail it says
// nothing about the mailbox. Without any code it is not clear why.
func qmailAnswer(paragraph string) answer {
	said := qmailSaid.FindStringSubmatch(paragraph)
	codes := qmailStatus.FindStringSubmatch(paragraph)
	if said != nil {
		codes = []string{"", said[2]}
	}
	if codes != nil {
		if status, _, ok := parseStatus(codes[1]); ok {
			return answer{stage: dsnStage, code: status[0] * 100, enhanced: status}
		}
	}
	if said == nil {
		return answer{stage: dsnStage, code: 500}
	}
	code, _ := strconv.Atoi(said[1]) // three digits
	if strings.Contains(paragraph, qmailRecipient) {
		return answer{stage: dsnStage, code: code}
	}
	return answer{stage: "DATA", code: code}
}
