package text

import (
	"strings"
)

var (
	// disclaimer begins what firms put below each mail.
	disclaimer = compile(`(?i)(?:confidential|privileged|vertraulich|confidentiel|confidencial|riservat|vertrouwelijk|konfidentiell|` +
		`fortrolig|poufn|důvěrn|конфиденциальн|gizli|intended (?:only|solely|recipient)|nur für den (?:adressaten|empfänger)|` +
		`think before (?:you )?print|before printing|consider the environment|umwelt.{0,40}(?:ausdruck|druck)|imprimer (?:ce|cet)|tenk på miljøet)`)
	// aboutMail shows that it is about a mail.
	aboutMail = compile(`(?i)(?:e-?mail|mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggio|bericht|meddelande|melding|` +
		`meddelelse|wiadomo|zpráv|сообщени|письм|ileti|attachment|anhänge|printing|print)`)

	// listFooter is what mailing lists and groups put below a mail.
	listFooter = compile(`(?i)(?:mailing ?list|mailingliste|mailman/|groups\.google|google ?groups|you (?:received|` +
		`are receiving) this (?:message|e-?mail)|sie erhalten diese|unsubscribe|abbestell|abmelden|se désabonner|désinscri|darse de baja|` +
		`annulla iscrizione|afmelden|uitschrijven|wypisz|отписаться)`)
)

// warning is what firms put above mails from outside.
var warning = compile(`(?i)^\W*(?:\[?external\]?|caution|warning|attention|achtung|vorsicht|opgelet|let op|attenzione|advarsel|varning|` +
	`uwaga)?\b.{0,60}(?:originated (?:from )?outside|came from outside|external (?:sender|e-?mail)|outside (?:of )?(?:the|your|this|` +
	`our) (?:organi[sz]ation|company)|` +
	`externe[nrms]? (?:e-?mail|absender|quelle)|außerhalb (?:der|ihrer|unserer) (?:organisation|firma)|expéditeur externe|externe afzender|` +
	`mittente esterno|remitente externo).{0,300}$|` +
	// Outlook, above the first mail of a sender: the link is the same in every language.
	`aka\.ms/LearnAboutSenderIdentification|^(?:you don['’]t often get e-?mail from|some people who received this message don['’]t often get e-?mail from|sie erhalten nicht (?:häufig|oft) e-?mails von|` +
	`(?:vous n['’]obtenez pas souvent|no suele recibir|non si ricevono spesso|u ontvangt niet vaak|não costuma receber|nie otrzymujesz często|du får inte ofta|du får ikke ofte)\b).{0,40}` + anAddress)

// firmsWarning recognises such a line in the first of a mail.
func firmsWarning(c cursor) (int, action) {
	if !c.above && len(c.line()) >= 15 && warning.MatchString(c.line()) {
		return 1, cutLine
	}
	return 0, keep
}

// minDisclaimer is the length from which on a line may be a disclaimer, in bytes.
const minDisclaimer = 40

// withoutDisclaimer cuts a paragraph about secrecy, or about printing, and everything below.
func withoutDisclaimer(a answer) []string {
	first := a.first()
	for i, line := range a.lines {
		if i > first && len(line) >= minDisclaimer && disclaimer.MatchString(line) && aboutMail.MatchString(strings.Join(a.lines[i:min(i+3, len(a.lines))], " ")) {
			for i > first+1 && strings.TrimSpace(a.lines[i-1]) != "" && len(a.lines[i-1]) >= minDisclaimer {
				i--
			}
			return a.lines[:i]
		}
	}
	return a.lines
}

// withoutListFooter cuts what a mailing list has put below a rule.
func withoutListFooter(a answer) []string {
	first := a.first()
	for i := max(0, len(a.lines)-maxSignature); i < len(a.lines); i++ {
		if i <= first && !a.above || !isRule(strings.TrimSpace(a.lines[i]), 3) {
			continue
		}
		below := strings.Join(filled(a.lines[i+1:min(i+8, len(a.lines))]), " ")
		reachable := strings.Contains(below, "@") || strings.Contains(below, "http") || strings.Contains(below, "www.")
		if reachable && len(below) <= 8*maxMarker && listFooter.MatchString(below) {
			return a.lines[:i]
		}
	}
	return a.lines
}
