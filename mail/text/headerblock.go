package text

import (
	"regexp"
	"strings"
)

// maxHeader is how many lines of a header block are looked at.
const maxHeaderLines = 10

// Labels of the fields that mail programs write above a quotation, in the languages of Europe and East Asia.
const (
	labelFrom = `from|von|de|da|van|od|fra|från|от|від|feladó|kimden|gönderen|lähettäjä|expéditeur|mittente|nadawca|remetente|remitente|afzender|` +
		`absender|odesílatel|odosielateľ|από|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람`
	labelDate = `sent|date|sent on|gesendet|gesendet am|datum|envoyé|envoyé le|enviado|enviado el|enviada em|enviado em|inviato|verzonden|data|` +
		`fecha|sendt|dato|skickat|wysłano|wysłane|odesláno|odoslané|дата|отправлено|` +
		`надіслано|dátum|elküldve|küldve|tarih|gönderildi|gönderme tarihi|lähetetty|päiväys|päivämäärä|trimis|στάλθηκε|ημερομηνία|时间|发送时间|發件日期|` +
		`寄件日期|日期|送信日時|日時|日付|보낸 날짜|날짜`
	labelTo = `to|an|à|a|para|aan|do|til|till|pour|komu|кому|címzett|kime|alıcı|vastaanottaja|către|προς|收件人|收件者|宛先|받는 사람|받는사람|cc|bcc|kopie|copie|` +
		`copia|cópia|kopia|kopi|dw|копия|másolat|bilgi|kopio|抄送|副本|` +
		`reply-to|antwort an|répondre à|responder a|responder para|rispondi a|svar til|odpowiedz do|ответить|beantwoorden aan`
	labelSubject = `subject|betreff|objet|sujet|asunto|oggetto|onderwerp|assunto|emne|ämne|temat|předmět|predmet|тема|tárgy|konu|aihe|subiect|` +
		`θέμα|主题|主題|主旨|件名|제목`
)

var (
	// label is a line that may be a field: a word or a few, perhaps in bold stars, a colon, a value.
	label = regexp.MustCompile(`^[*_\s]*(\pL[\pL '’.-]{0,24}?)[*_\s]*[:：][*_]*\s*(.*)$`)

	isFrom    = regexp.MustCompile(`(?i)^(?:` + labelFrom + `)$`)
	isDate    = regexp.MustCompile(`(?i)^(?:` + labelDate + `)$`)
	isTo      = regexp.MustCompile(`(?i)^(?:` + labelTo + `)$`)
	isSubject = regexp.MustCompile(`(?i)^(?:` + labelSubject + `)$`)

	// inlineFields are the first fields of a header that follows text in the same line.
	inlineFields = regexp.MustCompile(`(?i)(?:^|\s)\*?(?:` + labelFrom + `|` + labelDate + `)\s?:\*?\s.{2,150}?\s\*?(?:` + labelDate + `|` + labelTo + `|` + labelFrom + `)\s?:\*?\s`)
)

// header is what has been seen of a header block.
type header struct {
	fields                         int // lines with a label
	from, date, to, subject, dated bool
	addresses                      int // fields with an address, twice if it is in brackets
	own                            bool
}

func (h *header) add(f lineField) {
	h.fields++
	switch f.kind {
	case fromField:
		h.from = true
	case dateField:
		h.date = true
	case toField:
		h.to = true
	case subjectField:
		h.subject = true
	}
	if f.traits.has(addressed) {
		h.addresses++
	}
	if f.traits.has(inBracket) {
		h.addresses++
	}
	h.dated = h.dated || f.traits.has(dated) && f.traits.hasAny(withYear|timed)
	h.own = h.own || f.own
}

// lineField is what is known of a line that may be a field.
type lineField struct {
	kind   fieldKind
	traits trait // of its value
	own    bool  // has an address that the mail was sent to
}

type fieldKind byte

const (
	unread fieldKind = iota
	noField
	otherField
	fromField
	dateField
	toField
	subjectField
)

// field reads a line as a field, once.
func (c cursor) field(i int) lineField {
	if c.fields[i].kind == unread {
		c.fields[i] = readField(strings.TrimSpace(c.lines[i]), c.own)
	}
	return c.fields[i]
}

func readField(line string, own []string) lineField {
	name, value, ok := field(line)
	if !ok {
		return lineField{kind: noField}
	}
	f := lineField{kind: otherField, traits: traitsOf(value)}
	switch {
	case isFrom.MatchString(name):
		f.kind = fromField
	case isDate.MatchString(name):
		f.kind = dateField
	case isTo.MatchString(name):
		f.kind = toField
	case isSubject.MatchString(name):
		f.kind = subjectField
	}
	lower := strings.ToLower(value)
	for _, address := range own {
		f.own = f.own || strings.Contains(lower, address)
	}
	return f
}

// complete reports whether the fields make a header block. Riders write "from: zoo, to: alex", too: without an address a sender, a date and
// a subject are wanted, or a sender and a day. In a language that is not known, addresses and days must do.
func (h *header) complete(above bool) bool {
	known := 0
	for _, is := range []bool{h.from, h.date, h.to, h.subject} {
		if is {
			known++
		}
	}
	switch {
	case h.fields < 2:
		return false
	case h.from && h.date && h.subject, known >= 2 && h.addresses > 0 && (h.from || h.dated || h.addresses > 2):
		return true
	case h.from && h.date && h.dated:
		return above
	case h.fields >= 3 && h.addresses > 0 && (h.own || h.dated || h.addresses >= 3):
		return true
	}
	return h.addresses >= 3 && h.dated
}

// headerBlock recognises the header that Outlook and others put above a quotation.
func headerBlock(c cursor) (int, action) {
	if isHeaderBlock(c) || inlineHeader(c.line()) == 0 {
		return 1, cutRest
	}
	return 0, keep
}

// isHeaderBlock reports whether fields of a mail's header begin at the cursor. A value may be folded, and there may be blank lines between the fields.
func isHeaderBlock(c cursor) bool {
	first := c.field(c.at)
	if first.kind == noField {
		return false
	}
	var h header
	h.add(first)
	known := first.kind != otherField || first.traits.hasAny(addressed|dated)
	if !known && !c.above {
		return false // the report, perhaps
	}
	folded, blank := 0, false
	for i := c.at + 1; i < min(len(c.lines), c.at+maxHeaderLines); i++ {
		if strings.TrimSpace(c.lines[i]) == "" {
			blank = true
			continue
		}
		f := c.field(i)
		switch {
		case f.kind != noField:
			h.add(f)
			folded = 0
		case blank, folded == 2:
			return h.complete(c.above) && (known || h.foreign())
		default:
			folded++
		}
		blank = false
		if known && h.complete(c.above) {
			return true
		}
	}
	return h.complete(c.above) && (known || h.foreign())
}

// foreign reports whether no field is in a language that is known, and one has an address of ours.
func (h *header) foreign() bool { return h.own && !h.from && !h.date && !h.subject }

// field parts a line into the label and the value of a field.
func field(line string) (name, value string, ok bool) {
	if len(line) > maxMarker || !strings.ContainsAny(line[:min(len(line), 80)], ":：") {
		return "", "", false
	}
	found := label.FindStringSubmatch(line)
	if found == nil {
		return "", "", false
	}
	return found[1], found[2], true
}

// isFromField reports whether a line is a field with a sender.
func isFromField(line string) bool {
	name, value, ok := field(line)
	return ok && value != "" && isFrom.MatchString(name)
}

// inlineHeader finds a header with an address that follows text in the same line, or returns -1.
func inlineHeader(line string) int {
	if !strings.Contains(line, "@") || strings.Count(line, ":") < 2 {
		return -1
	}
	at := inlineFields.FindStringIndex(line)
	if at == nil || !strings.Contains(line[at[0]:], "@") {
		return -1
	}
	if rest := traitsOf(line[at[0]:]); !rest.has(dated) {
		return -1
	}
	return at[0]
}
