package text

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// contact says what a line of a signature is.
type contact int

const (
	noContact contact = iota
	aPlace            // a street, a town, a firm, a page: the author's only beside a phone number or an address
	reachable         // a phone number or a mail address
)

const (
	aPhoneLabel = `(?:tel|telefon|telefono|teléfono|téléphone|telephone|telefax|fon|fone|phone|ph|mobil|mobile|mob|móvil|mobiel|mobilnr|` +
		`mobiltelefon|handy|cell|cellphone|cellulare|cel|celular|gsm|natel|portable|` +
		`fax|komórka|tlf|tfn|direct|direkt|office|büro|desk|whatsapp|threema|тел|моб|телефон|电话|手机|電話|携帯|puh|m|t|f|p)`
	aPhone = `\+?[(]?\+?\d[\d ()/.–-]{4,20}\d`
	aLink  = `(?:https?://|www\.)[^\s<>|]+`
)

var (
	labelledPhone = regexp.MustCompile(`(?i)(?:^|[\s|,;•·/–-])` + aPhoneLabel + `[.]?(?:-?(?:nr|no|nummer|` +
		`number)\.?)?\s{0,8}[:.]?\s{0,8}(?:[(]?0\)? )?` + aPhone)
	shortPhone = regexp.MustCompile(`(?i)^(?:(?:tel|telefon|phone|fax|mobile?|handy)\s?[:.]\s?\d[\d -]{3,8}\d|(?:skype|icq|jabber|instagram|` +
		`linkedin)\s?:\s?[\w.@-]{3,40})$`)
	barePhone  = regexp.MustCompile(`(?:^|[\s|,;:])(?:\+|\(|00?[1-9])[\d ()/.–-]{5,20}\d`)
	longPhone  = regexp.MustCompile(`(?:^|\s)(?:\+|\(?0)\d{2}[\d ()/.-]{4,14}\d{2}[.!]?$`)
	phoneSign  = regexp.MustCompile(`[☎✆☏📞📱📲🤙]\x{fe0f}?\s{0,4}` + aPhone)
	timeOrDate = regexp.MustCompile(`^\s*(?:\d{1,2}[.:]\d\d\s*[-–]\s*\d{1,2}[.:]\d\d|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?)\b`)
	mailLabel  = regexp.MustCompile(`(?i)(?:^|[\s|,;•])(?:e-?mail|mail|correo|courriel|e-?post|e|почта|邮箱|メール|internet|website|homepage|url|w|` +
		`http)\s?[:.]?(?:\s|$)`)
	link     = regexp.MustCompile(`(?i)<?` + aLink + `>?`)
	mailLink = regexp.MustCompile(`[<(\[]{0,2}(?:mailto:)?` + anAddress + `[>)\]]{0,2}`)
	postcode = regexp.MustCompile(`^(?:[A-Z]{1,3}[- ]?)?\d{4,5}(?: ?[A-Z]{2})?,? \p{Lu}[\pL.'’ -]+(?:[,/] ?[\pL ]+)?$|` +
		`^\p{Lu}[\pL.'’ -]+, (?:[A-Z]{2} )?\d{5}(?:-\d{4})?$`)
	street = compile(`(?i)^(?:[\pL.'’-]+ ){0,2}[\pL.'’-]*(?:str\.|straße|strasse|weg|platz|allee|gasse|ring|ufer|damm|street|` +
		`st\.|road|rd\.|avenue|ave\.?|lane|drive|straat|laan|gade|gatan|vägen|vej) ?\d{1,4} ?[a-z]?(?:,.{0,60})?$|` +
		`(?i)^(?:ulica|ul\.|via|calle|rua|rue|av\.) (?:[\pL.'’-]+ ){0,3}[\pL.'’-]+,? \d{1,4} ?[a-z]?(?:,.{0,60})?$|(?i)^\d{1,4}[a-z]?,? (?:rue|` +
		`avenue|boulevard|bd|place|quai|chemin) .{2,60}$|` +
		`(?i)^\d{1,5} (?:[\pL.'’-]+ ){1,3}(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|drive)(?:,.{0,60})?$`)
	firm = regexp.MustCompile(`(?:^|[\s,])(?:GmbH|gGmbH|mbH|AG|SE|KG|OHG|UG|e\. ?V\.|eG|Ltd\.?|LLC|Inc\.?|Corp\.?|PLC|plc|S\.?A\.?S?|SARL|` +
		`S\.?p\.?A\.?|S\.?r\.?l\.?|B\.?V\.?|N\.?V\.?|A/S|ApS|AB|AS|Oy|Sp\. z o\. ?o\.|s\.r\.o\.|a\.s\.|Kft\.?|Zrt\.?|Lda\.?|S\.?L\.?)(?:$|[\s,&|])`)
	register = compile(`(?i)(?:amtsgericht|handelsregister|registergericht|geschäftsführer|vorstand|aufsichtsrat|ust-?id|steuernummer|` +
		`hrb \d|\bvat\b|siège social|kvk|registered (?:in|office))`)
	handle    = regexp.MustCompile(`^@[\w.-]{2,30}$`)
	onlySigns = regexp.MustCompile(`^[\s\pP\pS]*$`)
)

// contactOf tells whether a line is one of a signature that says how to reach its author, and nothing else.
func contactOf(line string) contact {
	line = strings.Trim(line, " \t*_")
	if line == "" || utf8.RuneCountInString(line) > maxContactLine {
		return noContact
	}
	rest, found := line, noContact
	take := func(pattern *regexp.Regexp, as contact) {
		if left := pattern.ReplaceAllString(rest, " "); left != rest {
			rest, found = left, max(found, as)
		}
	}
	if strings.Contains(rest, "@") {
		take(mailLink, reachable)
	}
	take(link, aPlace)
	if shortPhone.MatchString(line) {
		return reachable
	}
	if strings.ContainsAny(rest, "0123456789") && !timeOrDate.MatchString(rest) {
		take(labelledPhone, reachable)
		take(phoneSign, reachable)
		if findDate(rest) == nil {
			take(barePhone, reachable)
		}
	}
	if found != noContact {
		rest = mailLabel.ReplaceAllString(rest, " ")
		if rest = strings.Trim(rest, " |,;:•·/–—-<>()[]"); onlySigns.MatchString(rest) || isName(rest) || isPlaceOfFirm(rest) {
			return found
		}
		return noContact
	}
	if isPlaceOfFirm(line) {
		return aPlace
	}
	return noContact
}

// contact is contactOf, which is found once for each line.
func (a answer) contact(line string) contact {
	kind, known := a.kinds[line]
	if !known {
		kind = contactOf(line)
		a.kinds[line] = kind
	}
	return kind
}

func isPlaceOfFirm(line string) bool {
	return handle.MatchString(line) || postcode.MatchString(line) || street.MatchString(line) || firm.MatchString(line) || register.MatchString(line)
}

const (
	maxContactLine = 160 // characters
	maxNamesAbove  = 3   // lines with a name, a role, a firm, above those that say how to reach the author
	maxSignature   = 40  // lines below a closing
)

// withoutContact cuts phone numbers and addresses at the end, with the author's name, street and firm around them. The first line of a mail stays
// unless there is nothing but a number or an address in it.
func withoutContact(a answer) []string {
	begin, found, names, blank := len(a.lines), noContact, 0, false
	first := a.first()
	if paragraph := a.signatureParagraph(); paragraph >= 0 {
		begin, found, blank, a.lines = paragraph, reachable, true, a.lines[:paragraph]
	}
	for i := len(a.lines) - 1; i >= 0 && len(a.lines)-i <= maxSignature; i-- {
		line := strings.Trim(a.lines[i], " \t*_")
		if strings.TrimSpace(a.lines[i]) == "" {
			blank = true
			continue
		}
		kind := a.contact(line)
		if kind == noContact && isPhoneInWords(line) {
			kind = reachable
		}
		if i == first && !a.above && !a.isAuthor(line) && (kind != reachable || hasWord(line)) {
			break
		}
		switch {
		case kind != noContact:
			names = 0
		case names < maxNamesAbove && (isName(line) && !isStop(line) || isRole(line) && !blank) && (!blank || a.isParagraphOfNames(i, first)):
			names++
		case isRule(line, 2) && found == reachable:
		default:
			return a.cutFrom(begin, found)
		}
		begin, found, blank = i, max(found, kind), false
	}
	return a.cutFrom(begin, found)
}

// signatureParagraph returns where the last paragraph begins, if a number or an address and another such line in it show that all of it is a signature, or
// a whole name above two lines of places; or else -1. What the others say, only a person could know.
func (a answer) signatureParagraph() int {
	begin := a.last()
	contacts, found := 0, noContact
	for ; begin >= 0 && strings.TrimSpace(a.lines[begin]) != ""; begin-- {
		if kind := a.contact(strings.Trim(a.lines[begin], " \t*_|")); kind != noContact {
			contacts++
			found = max(found, kind)
		}
	}
	if contacts < 2 || firstFilled(a.lines[:begin+1]) == "" && !a.above {
		return -1
	}
	if first := strings.Trim(a.lines[begin+1], " \t*_|"); found == reachable || strings.Contains(first, " ") && isName(first) && !isStop(first) {
		return begin + 1
	}
	return -1
}

// isPhoneInWords reports whether a line says a few words about a phone number, and nothing about a place.
func isPhoneInWords(line string) bool {
	if utf8.RuneCountInString(line) > maxClosingLine || stop.MatchString(line) || timeOrDate.MatchString(line) {
		return false
	}
	found := longPhone.FindString(line)
	return found != "" && len(strings.Fields(strings.Replace(line, found, " ", 1))) <= 5
}

// hasWord reports whether there is more in a line than numbers, addresses and their labels.
func hasWord(line string) bool {
	for _, pattern := range []*regexp.Regexp{mailLink, link, labelledPhone, phoneSign, barePhone, mailLabel} {
		line = pattern.ReplaceAllString(line, " ")
	}
	return aLetter.MatchString(line)
}

// cutFrom cuts the lines from begin on if they tell how to reach somebody.
func (a answer) cutFrom(begin int, found contact) []string {
	if found != reachable {
		return a.lines
	}
	return a.lines[:begin]
}

// isParagraphOfNames reports whether the paragraph whose last line is i consists of names only and is not the first of the mail.
func (a answer) isParagraphOfNames(i, first int) bool {
	for n := 0; i >= 0 && strings.TrimSpace(a.lines[i]) != ""; i-- {
		line := strings.TrimSpace(a.lines[i])
		if n++; n > maxNamesAbove || !isName(line) || isStop(line) || i == first && !a.above {
			return false
		}
	}
	return true
}

// first is the index of the first line that is not blank.
func (a answer) first() int {
	return slices.IndexFunc(a.lines, func(line string) bool { return strings.TrimSpace(line) != "" })
}

// last is the index of the last line that is not blank, or -1.
func (a answer) last() int {
	for i := len(a.lines) - 1; i >= 0; i-- {
		if strings.TrimSpace(a.lines[i]) != "" {
			return i
		}
	}
	return -1
}

// isAuthor reports whether a line is nothing but the author's name, as the header of the mail has it.
func (a answer) isAuthor(line string) bool {
	words := nameWords(strings.TrimLeft(line, "-–— "))
	if len(words) == 0 || len(words) > 4 || strings.ContainsFunc(line, unicode.IsDigit) {
		return false
	}
	named := false
	for _, word := range words {
		switch {
		case slices.Contains(a.author, word):
			named = true
		case utf8.RuneCountInString(word) > 1 || !slices.ContainsFunc(a.author, func(name string) bool { return strings.HasPrefix(name, word) }):
			return false
		}
	}
	return named
}

// nameWords are the words of a name, in lower case.
func nameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' && r != '’' })
}

// isStop reports whether words that begin with capitals are a stop, a street or about a line rather than a person. "Erika Baumgarten" is a person,
// "Am Kleistgarten" and "Kleistgarten" are not.
func isStop(line string) bool {
	return strings.ContainsFunc(line, unicode.IsDigit) || stop.MatchString(line) || endsInStop.MatchString(line)
}

var (
	stop = compile(`(?i)(?:^|[\s(/-])(?:platz|straße|strasse|str\.|bahnhof|bhf\.?|allee|brücke|gasse|ufer|damm|station|haltestelle|rathaus|zoo|` +
		`messe|flughafen|airport|terminus|halte|gare|plein|square|linien?|tram|bus|[us]-bahn|zug|kontrollen?|kontrolleure?|kontis|inspectors?|` +
		`richtung|ausgang|ausgänge|eingang|gleis|steig|wagen|vorsicht|achtung|update|gesperrt|` +
		`direction|towards|exit|platform|line|train|ligne|linea|línea|lijn|linje|linka|quai|sortie|salida|uscita|dirección|direzione|richting)(?:$|[\s,.!:)/-])`)
	endsInStop = compile(`(?i)^[-–—~/* ]*(?:(?:am|an|im|in|bei|beim|vor|vom|zum|zur|ab|bis|auf|nach|von|hinter|via) )?[\pL-]+` +
		`(?:platz|straße|strasse|str\.|bahnhof|bhf\.?|allee|brücke|gasse|ufer|damm|station|garten|kirche|rathaus|markt)[.,!]?$`)
)

// isRole reports whether a line may be what its author does: a few words that begin with capitals, and small ones between.
func isRole(line string) bool {
	words := strings.Fields(line)
	if len(words) == 0 || len(words) > 6 || utf8.RuneCountInString(line) > 60 || strings.ContainsAny(line, "!?:") || isStop(line) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(line)
	capitals := 0
	for _, word := range words {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsUpper(r) {
			capitals++
		}
	}
	return unicode.IsUpper(first) && 2*capitals >= len(words)
}
