package mail

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// errNoReport says that nothing in a message reports a failure. It may be an automatic reply.
var errNoReport = errors.New("not a bounce of a known format")

// parseDSN parses what mail servers send when they could not deliver a message: delivery status notifications (RFC 3464), feedback reports (RFC
// 5965), and notices in plain text. It returns the replies about failed recipients. Notifications of delays and deliveries have none.
func parseDSN(text []byte) ([]reply, error) {
	header, parts := splitParts(text)
	var notice strings.Builder
	var status *bouncePart
	copied := false // of our own message: what comes next is no notice
	for i, p := range parts {
		switch p.kind {
		case "message/feedback-report":
			return parseFeedback(p), nil
		case "message/delivery-status", "message/global-delivery-status": // the latter in RFC 6533
			if status == nil {
				status = &parts[i]
			}
		case "message/rfc822", "message/global", "message/partial", "text/rfc822-headers", "message/global-headers":
			copied = true
		case "", "text", "text/plain", "text/html":
			if repeats := p.kind == "text/html" && notice.Len() > 0; !copied && !repeats {
				notice.WriteString(p.text() + "\n\n")
			}
		}
	}
	words := withoutCopy(notice.String())
	if status != nil {
		if replies, found := parseStatuses(status.text(), words); found {
			return replies, nil
		}
	}
	if replies, found := parseStatuses(words, ""); found { // a server on the way has flattened the parts
		return replies, nil
	}
	return parseNotice(text, header, words)
}

// parseFeedback reads a feedback report (ARF). Of its types (RFC 5965, section 7.3; RFC 6430; RFC 6591) "not-spam" and "auth-failure" are no complaints.
func parseFeedback(p bouncePart) []reply {
	report, _ := readHeader([]byte(p.text()))
	switch kind := strings.ToLower(keyword(report["feedback-type"])); {
	case kind == "abuse", kind == "fraud", strings.HasPrefix(kind, "opt-out"):
		return []reply{{stage: complaintStage, code: 550}}
	}
	return nil
}

var emptyLine = regexp.MustCompile(`\n[ \t]*\n`)

// parseStatuses parses groups of fields between empty lines: the first is about the message, each other one about a
// recipient (RFC 3464, section 2.1). It returns false if no group is about a recipient. notice is the text for people.
func parseStatuses(text, notice string) (failed []reply, found bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for n, group := range emptyLine.Split(text, -1) {
		if n > maxGroups {
			break
		}
		one, _ := readHeader(append(bytes.TrimSpace([]byte(group)), '\n'))
		if one["final-recipient"] == "" && one["original-recipient"] == "" && one["action"] == "" || one["status"] == "" && one["action"] == "" && one["diagnostic-code"] == "" {
			continue
		}
		found = true
		status, _, _ := parseStatus(keyword(one["status"]))
		action := strings.ToLower(keyword(one["action"]))
		if !strings.HasPrefix(action, "fail") && (action != "" || status[0] != 5) {
			continue
		}
		failed = append(failed, failure(one, notice))
	}
	return failed, found
}

var (
	diagnosticType = regexp.MustCompile(`^\s*[A-Za-z][\w.-]*\s*;\s*`)
	atData         = regexp.MustCompile(`(?i)in reply to (the )?(end of )?data|(after|to) (the )?(end of )?data\b|>>> (data|\.)|end of data|after (sending|i sent) the (message|data)`)
)

// milderSubjects are those of status codes that reporting servers do not make up for a bare 550: mailbox, mail system, content, policy.
var milderSubjects = []int{2, 3, 6, 7}

// certainMeanings count also where a notice for people says them.
var certainMeanings = []meaning{aboutUs, gone, refusesNow}

// failure returns what the host said, in the field Diagnostic-Code; only without its code counts the field Status, in which the reporting
// server has interpreted it: sendmail writes 5.1.1 for every 550 to RCPT.
func failure(one fields, notice string) reply {
	r := reply{stage: dsnStage, code: 550}
	status, _, known := parseStatus(keyword(one["status"]))
	diagnostic := diagnosticType.ReplaceAllString(one["diagnostic-code"], "")
	data := atData.MatchString(diagnostic)
	if host, ok := hostReply(diagnostic); ok {
		r.code, r.enhanced = host.code, host.enhanced
		if r.enhanced == [3]int{} && known && status[0] == host.code/100 && slices.Contains(milderSubjects, status[1]) {
			r.enhanced = status
		}
	} else if known {
		r.code, r.enhanced = status[0]*100, status
	}
	if r.says = meaningOf(diagnostic); r.says == silent {
		_, comment, _ := strings.Cut(one["status"], "(") // 5.1.1 (unknown or illegal alias)
		r.says = meaningOf(comment)
	}
	if category := one["x-powermta-bouncecategory"]; r.says <= unclear && category != "" { // bad-mailbox, policy-related, ...
		r.says = meaningOf(strings.ReplaceAll(category, "-", " "))
	}
	if r.says <= unclear {
		if told, ok := noticeReply(notice); ok {
			if slices.Contains(certainMeanings, told.says) {
				r.says = told.says
			}
			data = data || told.stage == dsnDataStage
			if !known && diagnostic == "" {
				r.code, r.enhanced = told.code, told.enhanced
			}
		}
	}
	if data {
		r.stage = dsnDataStage
		if r.says == gone && r.enhanced[1] != 1 {
			r.says = meaningAfterData(diagnostic)
		}
	}
	return r
}

// keyword is a field's value without its comment: 5.1.1 (bad address).
func keyword(value string) string {
	value, _, _ = strings.Cut(value, "(")
	value, _, _ = strings.Cut(strings.TrimSpace(value), " ")
	return strings.TrimRight(strings.TrimSpace(value), ";,.")
}
