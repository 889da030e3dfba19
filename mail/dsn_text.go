package mail

import (
	"bytes"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-message/charset"

	"linienfunk/mail/text"
)

// Many servers send notices in plain text: exim, qmail (https://cr.yp.to/proto/qsbmf.txt), sendmail before version 8, Exchange, Domino, providers' own
// programs. Their forms have in common that they repeat what the host said, with its code, or say it in a sentence of their own, and that the
// copy of the message comes last.

var (
	// fromServer is the author of a notice, and aboutFailure its subject.
	fromServer   = regexp.MustCompile(`(?i)mailer.?daemon|mail.?daemon|post.?master|mail delivery|delivery (sub)?system|(system|mail) administrator|mail (system|server)|mail.?(gateway|relay|router|sweeper)|mailadmin|mdaemon|bounce`)
	aboutFailure = regexp.MustCompile(`(?i)undeliver|un-?deliver|deliver\w* (status|fail|notif|report|problem|error|incomplete|has failed|not|could)|(mail|message|delivery)\w* (failed|failure|error|not|could|bounce|undeliv|status|system error)|returned (mail|message|to sender|e-?mail)|return(ed)? mail|failure (notice|notif|delivery|report)|fail(ed|ure):|could not be delivered|not delivered|non.?deliver|nondeliverable|undelivered|bounced?\b|permanent error|unable to deliver|` +
		`unzustellbar|nicht zugestellt|nicht zustellbar|zustellung|non (remis|distribu)|échec de|mancat\w+ (recapito|consegna)|no se (pudo|puede|ha podido) entregar|no entregado|devuelt|não (pôde|foi) entregue|onbestelbaar|niet (afgeleverd|bezorgd)|niedostarcz|nie dostarcz|недостав|не доставлен|配信|配達|送信できません|届きません|退信|退回|投递失败|반송`)
	aboutDelay = regexp.MustCompile(`(?i)(will|shall) (be )?(keep|continue|retr|try)|will (keep|continue) (on )?trying|will be (re-?tried|attempted)|warning message only|(do not|don't|no) need to (re-?send|send)|still (being )?(try|tried|queued|trying)|not (yet )?been delivered yet|has not yet been|delivery (to .{1,60} )?(has been |is )?delayed|no action is required|wird weiter|weiterhin versucht`)
	gaveUp     = regexp.MustCompile(`(?i)permanent|given up|giving up|gave up|fatal|has been (returned|failed)|could not be delivered|no longer be|will not be`)
)

// beginsCopy is the line above the copy of our message, or the copy's first field.
var beginsCopy = regexp.MustCompile(`(?im)^[ \t]*(-+ ?(below this line|this is a copy|the (body|header|original)|(un)?sent message|original (message|mail)|returned (message|mail)|message header|header|copy of|start of|begin|included is|forwarded|undelivered message).*|(the )?(original|returned|unsent|undelivered) (message|mail|e-?mail)( (text|headers?|content|follows|is attached|below|is as follows|was|included))*[.:]*[ \t]*$|(your|the|a copy of your|below is a copy of the( original)?) (message|mail|e-?mail)( (text|headers?|content|follows|is attached|below|is as follows|was|included))+[.:]*[ \t]*$|below is a copy of .*|(received|return-path|mime-version|dkim-signature|x-loop|list-unsubscribe|list-id): .*)`)

// withoutCopy cuts off the copy of our message, whose words say nothing about the recipient.
func withoutCopy(notice string) string {
	notice = strings.ReplaceAll(notice, "\r\n", "\n")
	notice = strings.TrimSpace(notice[:min(len(notice), maxNotice)])
	for from := 0; ; {
		at := beginsCopy.FindStringIndex(notice[from:])
		if at == nil {
			return notice
		}
		if strings.TrimSpace(notice[:from+at[0]]) != "" {
			return notice[:from+at[0]]
		}
		from += at[1] // the notice begins with it
	}
}

// parseNotice reads a message without a machine-readable part. A person's mail, or an automatic reply, may have numbers and words as a notice has: they
// count only below the header of a mail server.
func parseNotice(message []byte, header fields, notice string) ([]reply, error) {
	server := header["x-failed-recipients"] != "" || // exim (the specification, section 49) and Gmail
		fromServer.MatchString(decodeWords(header["from"])) || qsbmf.MatchString(notice)
	kind, _ := mediaType(header["content-type"])
	if !server && kind != "multipart/report" && !aboutFailure.MatchString(decodeWords(header["subject"])) {
		return nil, errNoReport
	}
	received, err := text.Parse(bytes.NewReader(message))
	if err != nil || !server && received.IsAutoReply() {
		return nil, errNoReport
	}
	notice = listedField.ReplaceAllString(notice, "")
	if aboutDelay.MatchString(notice) && !gaveUp.MatchString(notice) {
		return nil, nil
	}
	if r, found := noticeReply(notice); found {
		return []reply{r}, nil
	}
	if received.IsAutoReply() {
		return nil, errNoReport
	}
	return []reply{{stage: unknownStage, code: 550}}, nil
}

// listedField is a field of our message that a notice repeats, with words of the report in it.
var listedField = regexp.MustCompile(`(?im)^[ \t]*(message-?id|date|from|subject|sent|betreff|gesendet|von|objet|asunto)[ \t]*:.*$`)

var qsbmf = regexp.MustCompile(`^\s*Hi\. This is the \S+ (program|mail server) at`)

var (
	smtpCode    = regexp.MustCompile(`(?m)(?:^|[\s\["'(<#;:,=>])([45][0-7]\d)(?:[ \t]*[-:;,#]+[ \t]*|[ \t]+|\s*$)(?:(?:ERROR_CODE ?:)?[(\[<#]*([45]\.[0-7]\.\d{1,3}))?`)
	statusCode  = regexp.MustCompile(`(?:^|[\s\["'(<#;:,=])#?([45]\.[0-7]\.\d{1,3})(?:$|[^\d.])`)
	noCode      = regexp.MustCompile(`^(bytes|kb|octets|seconds|minutes|hours|days|lines|messages|times|x|mb)\b`)
	boilerplate = regexp.MustCompile(`(?i)(with respect to|regarding|about) an? (e-?mail|mail|message) from you|no valid recipients were found for this message|(returned|returning|return|sent|sending|send|bounced?|back|notif\w+) (it )?(back )?to (the |its |you,? the )?(original )?(sender|originator)|(original )?sender (is|has been|was) notified|(contact|inform|notify|assistance from|write to|forward to|ask) .{0,60}(administrator|postmaster|support|helpdesk)|your (message|mail|e-?mail|original message)|this (is an automat|message was (created|generated)|e-?mail (was|is) )[^.]*\.|created automatically|automatically generated`)
	rcptCommand = regexp.MustCompile(`(?i)\brcpt\b`)
)

// hostReply returns the first code in a text, preferably one with a status code.
func hostReply(words string) (r reply, ok bool) {
	r.stage = dsnStage
	for _, found := range smtpCode.FindAllStringSubmatchIndex(words, 10) {
		if noCode.MatchString(words[found[1]:]) {
			continue
		}
		code, _ := strconv.Atoi(words[found[2]:found[3]])
		one := reply{stage: dsnStage, code: code}
		if found[4] >= 0 {
			if status, _, valid := parseStatus(words[found[4]:found[5]]); valid && status[0] == code/100 {
				one.enhanced = status
			}
		}
		if !ok || r.enhanced == [3]int{} && one.enhanced != [3]int{} && one.code == r.code {
			r, ok = one, true
		}
	}
	if found := statusCode.FindStringSubmatch(words); found != nil && r.enhanced == [3]int{} {
		if status, _, valid := parseStatus(found[1]); valid && (!ok || status[0] == r.code/100) {
			if !ok {
				r.code = status[0] * 100
			}
			r.enhanced, ok = status, true
		}
	}
	return r, ok
}

// milder orders what several sentences of one notice say: what keeps the subscription comes first.
var milder = map[meaning]int{aboutUs: 6, refusesNow: 5, gone: 4, unknownAgain: 3, noReason: 2, unclear: 1}

// noticeReply returns what a notice says about its recipient: in the paragraphs with a code, or else in all of them.
func noticeReply(notice string) (result reply, found bool) {
	paragraphs := emptyLine.Split(notice, maxGroups)
	for _, coded := range []bool{true, false} {
		for _, paragraph := range paragraphs {
			r, ok := hostReply(paragraph)
			if ok != coded {
				continue
			}
			says := meaningOfNotice(paragraph)
			if !coded && says <= unclear {
				continue
			}
			if !coded {
				r = reply{stage: dsnStage, code: 550}
				if found { // in the first round, without words
					r = result
				}
			}
			r.says = says
			if atData.MatchString(paragraph) && !rcptCommand.MatchString(paragraph) {
				if r.stage = dsnDataStage; says == gone && r.enhanced[1] != 1 {
					r.says = meaningAfterData(paragraph)
				}
			}
			if !found || milder[r.says] > milder[result.says] {
				result, found = r, true
			}
		}
		if found && (result.says > unclear || !coded) {
			return result, true
		}
	}
	return result, found
}

// meaningOfNotice is that of the words behind the first code, which are the host's, or else of the whole paragraph: qmail writes its code last.
func meaningOfNotice(paragraph string) meaning {
	paragraph = boilerplate.ReplaceAllString(paragraph, " ")
	at := len(paragraph)
	for _, code := range []*regexp.Regexp{smtpCode, statusCode} {
		if found := code.FindStringIndex(paragraph); found != nil {
			at = min(at, found[0])
		}
	}
	says := meaningOf(paragraph[at:])
	if slices.Contains(certainMeanings, says) {
		return says
	}
	if whole := meaningOf(paragraph); says <= unclear || slices.Contains(certainMeanings, whole) {
		return whole
	}
	return says
}

// unknownIsAboutUs reports whether a message that is no notice of a known form speaks of our host or the sender all the same.
func unknownIsAboutUs(message []byte) bool {
	_, parts := splitParts(message)
	if len(parts) == 0 {
		return false
	}
	r, found := noticeReply(withoutCopy(parts[0].text()))
	return found && r.says == aboutUs
}

// decodeWords decodes a header field (RFC 2047) as far as it can be.
func decodeWords(value string) string {
	decoded, err := (&mime.WordDecoder{CharsetReader: charset.Reader}).DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}
