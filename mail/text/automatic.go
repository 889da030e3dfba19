package text

import (
	"regexp"
	"strings"
)

// automaticRule recognises mails that no person wrote.
type automaticRule struct {
	name  string
	reply bool // an answer that a program gives to every mail
	match func(m *Message, envelopeFrom string) bool
}

// automaticRules recognise automatic replies, bounces, mailing lists, our own mails. RFC 3834, sections 2 and 5, names some of the fields, RFC 2369
// and RFC 2919 those of lists; the others are the programs' own. X-Auto-Response-Suppress is none: Exchange sets it in the mails of people, too. The first rule
// that applies wins.
var automaticRules = []automaticRule{
	{"empty return path", false, emptyReturnPath},
	{"Auto-Submitted: auto-replied", true, func(m *Message, _ string) bool { return keyword(m.Get("Auto-Submitted")) == "auto-replied" }},
	{"Auto-Submitted", false, autoSubmitted},
	{"automatic reply", true, automaticReply},
	{"Precedence: auto_reply", true, hasPrecedence("auto_reply", "auto-reply", "autoreply")},
	{"receipt", true, isReceipt},
	{"calendar", true, func(m *Message, _ string) bool { return m.part.any(isCalendar) }},
	{"reaction", true, isReaction},
	{"subject of an automatic reply", true, hasAutomaticSubject},
	{"bounce", false, hasField(regexp.MustCompile(`^x-failed-recipients$`))},
	{"bounce", false, func(m *Message, _ string) bool { return bounceSubject.MatchString(m.Subject()) }},
	{"mailing list", false, hasField(listFields)},
	{"mailing list", false, fromList},
	{"loop", false, hasField(loopFields)},
	{"notification", false, hasField(notificationFields)},
	{"mass mailing", false, isMassMailing},
	{"multipart/report", false, func(m *Message, _ string) bool { return m.kind == "multipart/report" }},
	{"Precedence", false, hasPrecedence("bulk", "junk", "list", "mass")},
	{"mail server", false, fromMachine},
}

// Names of fields, in lower case.
var (
	replyFields = regexp.MustCompile(`auto-?(repl|respon|answer|gener|message)|machine-?generated|vacation|out-?of-?office|away-?message|^x-ms-exchange-inbox-rules-loop$`)
	listFields  = regexp.MustCompile(`^list-(id|post|help|owner|archive|subscribe|unsubscribe|unsubscribe-post)$|^x-(mailing-?list|beenthere|mailman|listname|list-|lists-|mailinglist|google-loop|google-group|sympa|majordomo|ezmlm|listserv)|^mailing-list$|^x-yahoo-groups`)
	loopFields  = regexp.MustCompile(`^x-([a-z]+-)?loop(-\w+)?$|^x-(loop|mail)-?(prevention|detect\w*|check)$|^x-been-there$`)
	// Ticket systems, issue trackers, social networks, cron, monitoring.
	notificationFields = regexp.MustCompile(`^x-cron-env$|^(x-)?(rt-(ticket|originator|loop)|managed-by)|^x-(otrs|zammad|zendesk|freshdesk|helpscout|request-tracker|ticket|jira|atlassian|redmine|github|gitlab|gitea|forgejo|bugzilla|trac|mantis|launchpad|gerrit|jenkins|phabricator|discourse|sentry|nagios|icinga|zabbix|grafana|facebook|linkedin|xing|notification|auto-notif\w*|amazon-mail-relay|pagerduty|statuspage)(-|$)`)
	mailingFields      = regexp.MustCompile(`^x-(campaign|mailchimp|mc-user|mailjet|mj-mid|sfmc|rpcampaign|newsletter|mailer-campaign|sg-eid|mandrill|csa-complaints|cleverreach|sendinblue|mailing-?id|bulk|mass-?mail|hubspot|marketo|elq|emarsys|rapidmail|brevo)`)
)

// automaticSubject begins with what programs put before the subject that they answer. A colon must follow: people use the words, too.
var automaticSubject = regexp.MustCompile(`(?i)^\s*(\[[^\]]{1,20}\]\s*)?(` + strings.Join([]string{
	// Automatic replies of Outlook, Exchange, Notes and others.
	`automatische[sr]? (antwort|abwesenheits\pL+|eingangsbestätigung|empfangsbestätigung|rückmeldung)`, `abwesenheits\pL*|abwesend|abwesenheit|autoantwort|nicht im (haus|büro)`, `auto(matic|mated|mat)?[- ]?(reply|response|answer|acknowledge?ment)`, `out of( the)? office( auto[- ]?reply| reply)?|ooo|away from (my )?(office|mail)|on (vacation|leave|holidays?)|vacation( reply| response)?`,
	`réponse automatique|absence( du bureau)?|absente? du bureau|message d.absence`, `respuesta automática|fuera de (la )?oficina|ausencia|ausente`, `risposta automatica|fuori (sede|ufficio)|assente`, `resposta automática|fora do escritório|ausência`, `automatisch antwoord|afwezig\pL*|niet aanwezig`,
	`(automatyczna )?odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|nieobecność`, `autosvar|auto-?svar|automatiskt? svar|frånvaro\pL*|fraværs\pL*|ikke til stede|ikke på kontoret`, `automaattinen vastaus|poissaolo\pL*`, `automatická odpověď|automatická odpoveď|mimo kancelář`, `automatikus válasz|házon kívül`, `otomatik (yanıt|cevap)|ofis dışında`, `răspuns automat|автоматичний|αυτόματη απάντηση`, `автоматический ответ|автоответ|автоматична відповідь|вне офиса|отсутствует`, `自動(応答|返信)|自动(答复|回复)|自動(回覆|答覆)|不在|자동 ?(회신|응답)`,
	`auto ?: ?(re|aw|fwd?)|eingangsbestätigung`,
	// Receipts.
	`(un|nicht )?gelesen|ungelesen gelöscht|übermittelt|zugestellt|(not )?read|deleted without being read|delivered|relayed|lu|non lu|leíd[oa]|no leíd[oa]|lett[oa]|lid[oa]|gelezen|niet gelezen|przeczytan[oe]|läst|oläst|læst|lest|luettu|přečteno|elolvasva|okundu|прочитано|не прочтено|開封済み|已读|已讀|읽음|(lese|empfangs)bestätigung|return receipt|read receipt|accusé de réception`,
	// Calendars.
	`zugesagt|angenommen|abgelehnt|abgesagt|mit vorbehalt( zugesagt| angenommen)?|vorläufig zugesagt|unter vorbehalt|(tentatively )?accepted|declined|tentative|cancell?ed( event)?|(updated )?invitation|einladung|aktualisierte einladung|new time proposed|neue uhrzeit vorgeschlagen|accepté|refusé|provisoire|annulé|invitation|aceptad[oa]|rechazad[oa]|provisional|accettato|rifiutato|aceite|recusado|geaccepteerd|geweigerd|geannuleerd|zaakceptowano|odrzucono|accepterat|avböjt|accepteret|godtatt|принято|отклонено|承諾済み|已接受|수락됨`,
	`rückruf|recall|message recall|nachricht zurückrufen`,
}, "|") + `)\s*[:：]`)

// bounceSubject is the subject of mail servers that could not deliver a mail of ours, with the report in it.
var bounceSubject = regexp.MustCompile(`(?i)^(undelivered mail returned to sender|undeliver(able|ed)( (mail|message|e-?mail))?( ?:|$)|unzustellbar(e nachricht)?( ?:|$)|mail delivery (failed|failure)|` +
	`delivery (status notification|failure|has failed)|failure notice$|returned mail( ?:|$)|mail system error|non (remis|distribuable) ?:|no se puede entregar ?:|onbestelbaar ?:|non recapitabile ?:|niedostarcz\pL* ?:|не удалось доставить ?:)`)

// automaticWords need no colon, nor company: nobody else writes them.
var automaticWords = regexp.MustCompile(`(?i)^\s*[\[(*]*\s*((i am |i'm )?out of( the)? office|ich bin (\pL+ ){0,3}(nicht im (haus|büro)|abwesend|im urlaub)|automatic(al)? reply|auto[- ]?reply|auto[- ]?response|ticket ?# ?\d+\]|we( have)? received your (request|message|e-?mail|mail)|ihre (anfrage|nachricht|e-?mail|mail) (haben wir|(wurde|ist) (registriert|erfasst|empfangen|eingegangen|bei uns))|thank you for contacting us|autoresponder|automatische antwort|automatische abwesenheits\pL+|abwesenheits(notiz|meldung|nachricht|benachrichtigung|assistent)|vacation (reply|message|notice)|réponse automatique|respuesta automática|risposta automatica|resposta automática|automatisch antwoord|automatyczna odpowiedź|automatiskt? svar|autosvar|автоответ|автоматический ответ)([^\pL]|$)`)

func hasAutomaticSubject(m *Message, _ string) bool {
	subject := m.Subject()
	return automaticSubject.MatchString(subject) || automaticWords.MatchString(subject)
}

// reacted is in the subject of Outlook's mail about a reaction.
var reacted = regexp.MustCompile(`(?i)hat auf (ihre|deine|eine) nachricht reagiert|reagiert auf (ihre|deine) nachricht|reacted to (your|a) (message|e-?mail)|reacted via gmail|hat über gmail reagiert|a réagi à (votre|ton|un) (message|e-?mail)|ha reaccionado a|reaccionó a|ha reagito al|reagiu (à|a) (sua|tua)|heeft gereageerd op (uw|je|een) bericht|reagerade på ditt|har reageret på|har reagert på|zareagował|отреагировал|さんがリアクション`)

// Automatic returns the name of the rule by which no person wrote the mail, or nothing. envelopeFrom is the sender of its envelope.
func (m *Message) Automatic(envelopeFrom string) string {
	for _, r := range automaticRules {
		if r.match(m, envelopeFrom) {
			return r.name
		}
	}
	return ""
}

// IsAutoReply reports whether a program answered the mail that it got: a vacation program, a calendar, a receipt. Bounces are none.
func (m *Message) IsAutoReply() bool {
	if fromMachine(m, "-") {
		return false
	}
	for _, r := range automaticRules {
		if r.reply && r.match(m, "-") {
			return true
		}
	}
	return false
}

// IsReport reports whether the mail is a report of mail servers (RFC 6522), or comes from one.
func (m *Message) IsReport() bool {
	return m.kind == "multipart/report" || m.header.Has("X-Failed-Recipients") || fromMachine(m, "-")
}

// Subject is the decoded subject in one line.
func (m *Message) Subject() string {
	return decodeSubject(m.Get("Subject"))
}

// answerPrefix is what mail programs put before the subject that a person answers, behind the marks of a gateway such as [EXTERN].
var answerPrefix = regexp.MustCompile(`(?i)^\s*((\[[^\]]{1,20}\]|\*+[^*]{1,20}\*+)\s*)*(re|aw|antw|antwort|sv|vs|odp|rv|r|rif|res|ref|atb|ynt|vá|válasz|bls|vast|odg|отв|ответ|на|відп|απ|σχετ|回复|答复|回覆|返信|답장|회신)\s*(\^?\d+|\[\d+\]|\(\d+\))?\s*[:：]`)

// RepeatsSubject reports whether the subject is one of our own, with the mark [title], and no person answered: programs put other words before it than
// mail programs do, or none.
func (m *Message) RepeatsSubject(title string) bool {
	subject := strings.ToLower(m.Subject())
	mark := "[" + strings.ToLower(strings.Join(strings.Fields(title), " ")) + "]"
	at := strings.Index(subject, mark)
	return title != "" && at >= 0 && !answerPrefix.MatchString(subject[:at])
}

// personalFeedback ends the Feedback-ID of providers that give one to the mails of people, too.
var personalFeedback = regexp.MustCompile(`(?i):(fastmail|proton)\s*$`)

func isMassMailing(m *Message, envelopeFrom string) bool {
	feedback := m.Get("Feedback-Id")
	return feedback != "" && !personalFeedback.MatchString(feedback) || hasField(mailingFields)(m, envelopeFrom)
}

func emptyReturnPath(m *Message, envelopeFrom string) bool {
	return envelopeFrom == "" || strings.TrimSpace(m.Get("Return-Path")) == "<>"
}

// listAddresses are local parts of the addresses from which list servers send.
var listAddresses = regexp.MustCompile(`^owner-|-(bounces?|owner|request|errors)([-+=].*)?$`)

func fromList(m *Message, envelopeFrom string) bool {
	for _, address := range []string{envelopeFrom, strings.Trim(m.Get("Sender"), "<> ")} {
		if local, _ := SplitAddress(strings.ToLower(address)); listAddresses.MatchString(local) {
			return true
		}
	}
	return false
}

func autoSubmitted(m *Message, _ string) bool {
	value := keyword(m.Get("Auto-Submitted"))
	return value != "" && value != "no"
}

func automaticReply(m *Message, _ string) bool {
	for all := m.header.Fields(); all.Next(); {
		name, value := strings.ToLower(all.Key()), keyword(all.Value())
		switch {
		case name == "auto-submitted", name == "x-auto-response-suppress", strings.HasPrefix(name, "dkim-"), strings.HasPrefix(name, "arc-"):
		case replyFields.MatchString(name) && value != "no" && value != "none" && value != "false" && value != "0":
			return true
		case name == "comments" && autoMailer.MatchString(value), name == "x-apple-action" && strings.HasPrefix(value, "vacation"), name == "delivered-to" && value == "autoresponder",
			name == "x-ms-exchange-generated-message-source" && !strings.Contains(value, "antispam"), // Mailbox Rules Agent
			name == "x-post-messageclass" && strings.Contains(strings.ToLower(all.Value()), "autoresponder"),
			name == "x-mailer" && autoMailer.MatchString(value):
			return true
		}
	}
	return false
}

var autoMailer = regexp.MustCompile(`auto-?(respon|repl)|vacation|out of office`)

func hasPrecedence(values ...string) func(*Message, string) bool {
	return func(m *Message, _ string) bool {
		for _, name := range []string{"Precedence", "X-Precedence", "Preference", "X-Distribution"} {
			for _, value := range values {
				if keyword(m.Get(name)) == value {
					return true
				}
			}
		}
		return false
	}
}

// isReceipt recognises notifications of what became of a mail (RFC 8098).
func isReceipt(m *Message, _ string) bool {
	return m.kind == "multipart/report" && strings.EqualFold(m.params["report-type"], "disposition-notification") ||
		m.part.any(func(v *part) bool { return v.kind == "message/disposition-notification" })
}

// isCalendar recognises invitations and their answers (iMIP, RFC 6047): only those have a method.
func isCalendar(v *part) bool {
	return (v.kind == "text/calendar" || v.kind == "application/ics") && v.params["method"] != "" && !strings.EqualFold(v.params["method"], "publish")
}

// isReaction recognises reactions of Outlook and Gmail; the latter have a part of their own (Gmail's documentation, "Reactions format").
func isReaction(m *Message, _ string) bool {
	return reacted.MatchString(m.Subject()) ||
		m.part.any(func(v *part) bool {
			return strings.HasPrefix(v.kind, "text/vnd.google.") && strings.HasSuffix(v.kind, "-reaction+json")
		})
}

// any reports whether the part or one inside it has a property.
func (v *part) any(has func(*part) bool) bool {
	if has(v) {
		return true
	}
	for _, child := range v.children {
		if child.any(has) {
			return true
		}
	}
	return false
}

// machines are local parts of addresses that no person writes from.
var machines = regexp.MustCompile(`^(mailer-?daemon|mail-?daemon|postmaster|root|nobody|daemon|cron|www-data|wwwrun|httpd|apache|auto-?(reply|respon\w+|matic|mailer)|vacation|listserv|majordomo|mailman|bounces?|notifications?)([+=].*)?$|` +
	`^((do[-_.]?)?not?[-_.]?reply|nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre|no[-_.]?responder|non[-_.]?rispondere|no[-_.]?responda)([-_+.=\d].*)?$`)

// serverName is the name of a mail server in From, behind any address.
var serverName = regexp.MustCompile(`(?i)^"?(mail delivery (sub)?system|mailer-daemon|mail delivery service)"?\s*<`)

func fromMachine(m *Message, envelopeFrom string) bool {
	if from := strings.TrimSpace(m.Get("From")); strings.HasSuffix(from, "<>") || serverName.MatchString(from) {
		return true
	}
	for _, address := range []string{envelopeFrom, m.Author("")} {
		if local, _ := SplitAddress(strings.ToLower(address)); machines.MatchString(local) {
			return true
		}
	}
	return false
}

func hasField(names *regexp.Regexp) func(*Message, string) bool {
	return func(m *Message, _ string) bool {
		for all := m.header.Fields(); all.Next(); {
			if names.MatchString(strings.ToLower(all.Key())) {
				return true
			}
		}
		return false
	}
}

// keyword is a field's value without parameters and comments, in lower case.
func keyword(value string) string {
	value, _, _ = strings.Cut(value, ";")
	value, _, _ = strings.Cut(value, "(")
	return strings.ToLower(strings.TrimSpace(value))
}
